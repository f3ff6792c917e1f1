import type { Operand } from '@tessera/core';
import { indexable, stepOf } from './axes.ts';
import { bufferOf, numbers, raw } from './cells.ts';
import { materialize } from './fill.ts';
import { mapElements } from './map.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import { floatsIn } from './reduction.ts';
import type { Runtime } from './runtime.ts';

/** Up to how many units one workgroup takes an example through all times. */
const WHOLE = 256;
const WORKGROUP = 64;
/** The first parameter of what is read. */
export const FIRST = 9;

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

/** A cell at one time, of the example `n` and its unit `u`; `s` counts the times, `U` units and `T` times. */
interface Recurrence {
  readonly op: string;
  readonly examples: number;
  readonly length: number;
  readonly units: number;
  /** How often the cell runs. */
  readonly times: number;
  readonly reads: Reads;
  readonly outputs: readonly (readonly [name: string, operand: Operand])[];
  readonly cell: string;
}

/**
 * Runs a cell time after time. A workgroup takes an example through all of them, where it has an invocation for each unit; else each time
 * is a dispatch. What a time leaves, the next reads from the outputs.
 */
export function recur(runtime: Runtime, { op, examples, length, units, times, reads, outputs, cell }: Recurrence): void {
  const whole = units <= WHOLE;
  const workgroup = whole ? Math.max(WORKGROUP, 2 ** Math.ceil(Math.log2(units))) : WORKGROUP;
  const slices = Math.ceil(units / workgroup);
  const program = runtime.program(`${op}|${reads.key}|${workgroup}`, () => ({
    bindings: [...reads.bindings, ...outputs.map(([name]): Binding => ({ name, type: 'f32', writes: true }))],
    words: FIRST + reads.words.length,
    workgroup,
    main: `  let U = ${word(1)};
  let T = ${word(2)};
  if (g >= ${word(3)} * ${word(4)}) { return; }
  let n = g / ${word(4)};
  let u = g % ${word(4)} * ${workgroup}u + l;
  for (var s = ${word(5)}; s < ${word(6)}; s++) {
    if (u < U) {
      ${cell}
    }
    storageBarrier();
  }`,
  }));
  const buffers = [...reads.buffers, ...outputs.map(([, operand]) => bufferOf(operand))];
  for (let s = 0; s < times; s += whole ? times : 1) {
    const words = [units, length, examples, slices, s, whole ? times : s + 1, 0, 0, ...reads.words];
    runtime.run(program, buffers, words, examples * slices);
  }
}

export const dot = (into: string, length: string, product: (k: string) => string): string =>
  `for (var k = 0u; k < ${length}; k++) { ${into} = ${into} + ${product('k')}; }`;
/** s' = s·(1 − s) of a sigmoid's value, and 1 − y² of a tanh's. */
export const sigmoidSlope = (s: string): string => `(${s} * (1.0 - ${s}))`;
export const tanhSlope = (y: string): string => `(1.0 - ${y} * ${y})`;

/** h[t−1]·W of all gates of the unit, as a vector `a`. */
export const products = ({ at }: Reads, gates: 3 | 4): string => {
  const weights = Array.from({ length: gates }, (_, gate) => at('W', `(k * ${gates}u + ${gate}u) * U + u`)).join(', ');
  const sum = (state: string): string => dot('a', 'U', () => `${state} * vec${gates}<f32>(${weights})`);
  return `let row = n * T + s;
      let at = row * U + u;
      let first = row * ${gates}u * U + u;
      var a = vec${gates}<f32>();
      if (s == 0u) { ${sum(at('H0', 'n * U + k'))} } else { ${sum('H[(row - 1u) * U + k]')} }`;
};

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
  const made = floatsIn(runtime.temporary(rows * columns * 4), [columns, rows]);
  mapElements(runtime, 'copy', [columns, rows], [turned], [{ ...raw(made), offset: 0 }], ([v]) => ({ results: [v] }));
  return made;
}

/** Whether a device binds what is read and so many outputs. */
export function binds({ limits }: Runtime, { bindings }: Reads, outputs: number): boolean {
  return bindings.length + outputs <= limits.maxStorageBuffersPerShaderStage;
}
