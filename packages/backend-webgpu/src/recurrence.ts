import type { Operand } from '@tessera/core';
import { indexable, stepOf } from './axes.ts';
import { bufferOf, numbers, raw } from './cells.ts';
import { materialize } from './fill.ts';
import { mapElements } from './map.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import type { Runtime } from './runtime.ts';
import { temporary } from './temporary.ts';

/** Up to how many units one workgroup takes an example through all times. */
const WHOLE = 256;
const WORKGROUP = 64;
/** The first parameter of what is read. */
export const FIRST = 7;

/** What a shader reads, by name; an operand that repeats a known number is that number. */
export interface Reads {
  readonly key: string;
  readonly bindings: readonly Binding[];
  readonly buffers: readonly GpuBuffer[];
  readonly words: readonly number[];
  readonly at: (name: string, index: string) => string;
}

export function readsOf(runtime: Runtime, operands: Readonly<Record<string, Operand>>): Reads {
  const given = Object.entries(operands).map(([name, operand]) => ({ name, operand, constant: numbers(operand).constant }));
  const bound = given.filter(({ constant }) => constant === undefined);
  return {
    key: bound.map(({ name }) => name).join(),
    bindings: bound.map(({ name }) => ({ name, type: 'f32' })),
    buffers: bound.map(({ operand }) => materialize(runtime, bufferOf(operand))),
    words: given.flatMap(({ operand, constant }) => (constant === undefined ? [operand.view.offset, stepOf(operand)] : [constant, 0])),
    at(name, index) {
      const place = given.findIndex((one) => one.name === name);
      const [offset, step] = [FIRST + 2 * place, FIRST + 2 * place + 1].map(word);
      return given[place].constant === undefined ? `${name}[${offset} + (${index}) * ${step}]` : `bitcast<f32>(${offset})`;
    },
  };
}

/** A cell at one time, in WGSL: `s` counts the times, `u` is its unit, `U` are the units, `T` the times and `N` the examples. */
export interface Cell {
  /** Sums `a` of several examples at once, which have the weights in common. */
  readonly sums: (examples: number) => string;
  /** What is done with `a[r]` of each, the example `n`. */
  readonly each: string;
}

/** A cell that runs over a sequence. */
interface Recurrence {
  readonly op: string;
  readonly examples: number;
  readonly length: number;
  readonly units: number;
  /** How often the cell runs. */
  readonly times: number;
  readonly reads: Reads;
  readonly outputs: readonly (readonly [name: string, operand: Operand])[];
  readonly cell: Cell;
}

/** The most examples that an invocation has, and how many workgroups a device, or a driver on the processor, should have before. */
const MOST = 4;
const LEAST = { device: 64, software: 4 };

/**
 * Runs a cell time after time. A workgroup takes examples through all of them, where it has an invocation for each unit; else each time
 * is a dispatch. What a time leaves, the next reads from the outputs.
 */
export function recur(runtime: Runtime, { op, examples, length, units, times, reads, outputs, cell }: Recurrence): void {
  const whole = units <= WHOLE;
  const workgroup = whole ? Math.max(WORKGROUP, 2 ** Math.ceil(Math.log2(units))) : WORKGROUP;
  const slices = Math.ceil(units / workgroup);
  const fitting = (examples * slices) / LEAST[runtime.software ? 'software' : 'device'];
  const each = Math.max(1, Math.min(MOST, 2 ** Math.floor(Math.log2(fitting))));
  const program = runtime.program(`${op}|${reads.key}|${workgroup}|${each}`, () => ({
    bindings: [...reads.bindings, ...outputs.map(([name]): Binding => ({ name, type: 'f32', writes: true }))],
    words: FIRST + reads.words.length,
    workgroup,
    main: `  let U = ${word(1)};
  let T = ${word(2)};
  let N = ${word(3)};
  let begin = g / ${word(4)} * ${each}u;
  if (begin >= N) { return; }
  let u = g % ${word(4)} * ${workgroup}u + l;
  for (var s = ${word(5)}; s < ${word(6)}; s++) {
    if (u < U) {
      ${cell.sums(each)}
      for (var r = 0u; r < min(${each}u, N - begin); r++) {
        let n = begin + r;
        ${cell.each}
      }
    }
    storageBarrier();
  }`,
  }));
  const buffers = [...reads.buffers, ...outputs.map(([, operand]) => bufferOf(operand))];
  for (let s = 0; s < times; s += whole ? times : 1) {
    const words = [units, length, examples, slices, s, whole ? times : s + 1, ...reads.words];
    runtime.run(program, buffers, words, Math.ceil(examples / each) * slices);
  }
}

/** Adds Σₖ factor·weight to `a` of each example `n`; those beyond the last are summed as it and not used. */
export const addProducts = (examples: number, length: string, factor: string, weight: string): string =>
  `for (var k = 0u; k < ${length}; k++) {
        let w = ${weight};
        for (var r = 0u; r < ${examples}u; r++) { let n = min(begin + r, N - 1u); a[r] = a[r] + ${factor} * w; }
      }`;
/** s' = s·(1 − s) of a sigmoid's value, and 1 − y² of a tanh's. */
export const sigmoidSlope = (s: string): string => `(${s} * (1.0 - ${s}))`;
export const tanhSlope = (y: string): string => `(1.0 - ${y} * ${y})`;

/** h[t−1]·W of all gates, as vectors. */
export const products =
  ({ at }: Reads, gates: 3 | 4): Cell['sums'] =>
  (examples) => {
    const weights = Array.from({ length: gates }, (_, gate) => at('W', `(k * ${gates}u + ${gate}u) * U + u`)).join(', ');
    const sum = (state: string): string => addProducts(examples, 'U', state, `vec${gates}<f32>(${weights})`);
    return `var a = array<vec${gates}<f32>, ${examples}>();
      if (s == 0u) { ${sum(at('H0', 'n * U + k'))} } else { ${sum('H[(n * T + s - 1u) * U + k]')} }`;
  };

/** The places of the example, its unit and its gates at the time. */
export const placesOf = (gates: 3 | 4, time = 's'): string => `let row = n * T + ${time};
        let at = row * U + u;
        let first = row * ${gates}u * U + u;`;

/** The sizes of a sequence `[N, T, …]` for a cell of W's units. */
export function sizesOf(op: string, sequence: Operand, w: Operand): Pick<Recurrence, 'op' | 'examples' | 'length' | 'units'> {
  const [examples, length] = sequence.view.shape;
  indexable(op, sequence.view.shape);
  return { op, examples, length, units: w.view.shape[0] };
}

/** Wᵀ, along whose rows neighbouring invocations read neighbours. */
export function transposed(runtime: Runtime, w: Operand): Operand {
  const [rows, columns] = w.view.shape;
  const turned = { ...raw(w), view: { shape: [columns, rows], strides: [1, columns], offset: w.view.offset } };
  const made = temporary(runtime, 'float32', [columns, rows]);
  mapElements(runtime, 'copy', [columns, rows], [turned], [{ ...raw(made), offset: 0 }], ([v]) => ({ results: [v] }));
  return made;
}

/** Whether a device binds what is read and so many outputs. */
export function binds({ limits }: Runtime, { bindings }: Reads, outputs: number): boolean {
  return bindings.length + outputs <= limits.maxStorageBuffersPerShaderStage;
}
