import { composites, type Kernel, type None, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, numbers, raw, stepOf } from './cells.ts';
import { runDecomposed } from './decomposed.ts';
import { fillWords, materialize } from './fill.ts';
import { mapElements } from './map.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import { floatsIn } from './reduction.ts';
import type { Runtime } from './runtime.ts';

type Names = 'lstm' | 'lstmGradient' | 'gru' | 'gruGradient';

/** Recurrent layers over whole sequences, and their gradients. */
export const recurrentComposites: readonly Names[] = ['lstm', 'lstmGradient', 'gru', 'gruGradient'];

/** Up to how many units one workgroup takes an example through all times. */
const WHOLE = 256;
const WORKGROUP = 64;
/** The first parameter of what is read. */
const FIRST = 9;

/** What a shader reads, by name; an operand that repeats a known number is that number. */
interface Reads {
  readonly key: string;
  readonly bindings: readonly Binding[];
  readonly buffers: readonly GpuBuffer[];
  readonly words: readonly number[];
  readonly at: (name: string, index: string) => string;
}

function readsOf(runtime: Runtime, operands: Readonly<Record<string, Operand>>): Reads {
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
  readonly op: Names;
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
function recur(runtime: Runtime, { op, examples, length, units, times, reads, outputs, cell }: Recurrence): void {
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

const dot = (into: string, length: string, product: (k: string) => string): string =>
  `for (var k = 0u; k < ${length}; k++) { ${into} = ${into} + ${product('k')}; }`;
const sigmoidSlope = (s: string): string => `(${s} * (1.0 - ${s}))`;
const tanhSlope = (y: string): string => `(1.0 - ${y} * ${y})`;

/** h[t−1]·W of all gates of the unit, as a vector `a`. */
const products = ({ at }: Reads, gates: 3 | 4): string => {
  const weights = Array.from({ length: gates }, (_, gate) => at('W', `(k * ${gates}u + ${gate}u) * U + u`)).join(', ');
  const sum = (state: string): string => dot('a', 'U', () => `${state} * vec${gates}<f32>(${weights})`);
  return `let row = n * T + s;
      let at = row * U + u;
      let first = row * ${gates}u * U + u;
      var a = vec${gates}<f32>();
      if (s == 0u) { ${sum(at('H0', 'n * U + k'))} } else { ${sum('H[(row - 1u) * U + k]')} }`;
};

const lstmCell = (reads: Reads): string => `${products(reads, 4)}
      let i = sigmoid(${reads.at('Z', 'first')} + a.x);
      let f = sigmoid(${reads.at('Z', 'first + U')} + a.y);
      let c = hyperbolicTangent(${reads.at('Z', 'first + 2u * U')} + a.z);
      let o = sigmoid(${reads.at('Z', 'first + 3u * U')} + a.w);
      var state = 0.0;
      if (s == 0u) { state = ${reads.at('C0', 'n * U + u')}; } else { state = C[at - U]; }
      state = f * state + i * c;
      C[at] = state;
      H[at] = o * hyperbolicTangent(state);
      G[first] = i;
      G[first + U] = f;
      G[first + 2u * U] = c;
      G[first + 3u * U] = o;`;

/** From the last time to the first, and once more for what comes to the first state: `dh` is what comes from the time after. */
const lstmGradientCell = ({ at }: Reads): string => `let own = n * U + u;
      var dh = 0.0;
      if (s > 0u) { let after = (n * T + T - s) * 4u * U; ${dot('dh', '4u * U', (k) => `DZ[after + ${k}] * ${at('W', `${k} * U + u`)}`)} }
      if (s == T) { DH[own] = dh; } else {
        let row = n * T + T - 1u - s;
        let at = row * U + u;
        let first = row * 4u * U + u;
        let i = ${at('G', 'first')};
        let f = ${at('G', 'first + U')};
        let c = ${at('G', 'first + 2u * U')};
        let o = ${at('G', 'first + 3u * U')};
        let y = hyperbolicTangent(${at('C', 'at')});
        let dy = ${at('dH', 'at')} + dh;
        var d = ${at('dC', 'at')};
        if (s > 0u) { d = d + DC[own]; }
        d = d + dy * o * ${tanhSlope('y')};
        var before = 0.0;
        if (s + 1u == T) { before = ${at('C0', 'own')}; } else { before = ${at('C', 'at - U')}; }
        DZ[first] = (d * c + ${at('dG', 'first')}) * ${sigmoidSlope('i')};
        DZ[first + U] = (d * before + ${at('dG', 'first + U')}) * ${sigmoidSlope('f')};
        DZ[first + 2u * U] = (d * i + ${at('dG', 'first + 2u * U')}) * ${tanhSlope('c')};
        DZ[first + 3u * U] = (dy * y + ${at('dG', 'first + 3u * U')}) * ${sigmoidSlope('o')};
        DC[own] = d * f;
      }`;

const gruCell = (reads: Reads): string => `${products(reads, 3)}
      let update = sigmoid(${reads.at('Z', 'first')} + (a.x + ${reads.at('B', 'u')}));
      let reset = sigmoid(${reads.at('Z', 'first + U')} + (a.y + ${reads.at('B', 'U + u')}));
      let inner = a.z + ${reads.at('B', '2u * U + u')};
      let candidate = hyperbolicTangent(${reads.at('Z', 'first + 2u * U')} + reset * inner);
      var before = 0.0;
      if (s == 0u) { before = ${reads.at('H0', 'n * U + u')}; } else { before = H[at - U]; }
      H[at] = update * before + (1.0 - update) * candidate;
      G[first] = update;
      G[first + U] = reset;
      G[first + 2u * U] = candidate;
      A[at] = inner;`;

/** What comes to aₙ: dzₙ·r and its own cotangent, of the unit `k` of a row. */
const innerGradient = ({ at }: Reads, dz: string, row: string, k: string): string =>
  `${dz} * ${at('G', `(${row} * 3u + 1u) * U + ${k}`)} + ${at('dA', `${row} * U + ${k}`)}`;

/** As that of the LSTM; DH carries d·u from time to time. */
const gruGradientCell = (reads: Reads): string => {
  const { at } = reads;
  return `let own = n * U + u;
      var dh = 0.0;
      if (s > 0u) {
        let after = n * T + T - s;
        dh = DH[own];
        ${dot('dh', '2u * U', (k) => `DZ[after * 3u * U + ${k}] * ${at('W', `${k} * U + u`)}`)}
        ${dot('dh', 'U', (k) => `(${innerGradient(reads, `DZ[(after * 3u + 2u) * U + ${k}]`, 'after', k)}) * ${at('W', `(2u * U + ${k}) * U + u`)}`)}
      }
      if (s == T) { DH[own] = dh; } else {
        let row = n * T + T - 1u - s;
        let at = row * U + u;
        let first = row * 3u * U + u;
        let update = ${at('G', 'first')};
        let reset = ${at('G', 'first + U')};
        let candidate = ${at('G', 'first + 2u * U')};
        let d = ${at('dH', 'at')} + dh;
        var before = 0.0;
        if (s + 1u == T) { before = ${at('H0', 'own')}; } else { before = ${at('H', 'at - U')}; }
        let inner = (d * (1.0 - update) + ${at('dG', 'first + 2u * U')}) * ${tanhSlope('candidate')};
        DZ[first] = (d * (before - candidate) + ${at('dG', 'first')}) * ${sigmoidSlope('update')};
        DZ[first + U] = (inner * ${at('A', 'at')} + ${at('dG', 'first + U')}) * ${sigmoidSlope('reset')};
        DZ[first + 2u * U] = inner;
        DH[own] = d * update;
      }`;
};

/** `kernels` is the whole table: where a device binds too few buffers for all that a gradient may read, it is done by its parts. */
export function recurrent(runtime: Runtime, kernels: () => Readonly<Record<string, Kernel<never>>>): Readonly<Record<Names, Kernel<None>>> {
  const clear = (operands: readonly Operand[]): void => {
    for (const operand of operands) fillWords(runtime, bufferOf(operand), sizeOf(operand.view.shape) * 4, 0, 'float32');
  };
  const binds = (reads: Reads, outputs: number): boolean =>
    reads.bindings.length + outputs <= runtime.limits.maxStorageBuffersPerShaderStage;
  const sizesOf = (op: Names, sequence: Operand, w: Operand) => {
    const [examples, length] = sequence.view.shape;
    indexable(op, sequence.view.shape);
    return { op, examples, length, units: w.view.shape[0] };
  };
  /** Wᵀ, along whose rows neighbouring invocations read neighbours. */
  const transposed = (w: Operand): Operand => {
    const [rows, columns] = w.view.shape;
    const turned = { ...raw(w), view: { shape: [columns, rows], strides: [1, columns], offset: w.view.offset } };
    const made = floatsIn(runtime.temporary(rows * columns * 4), [columns, rows]);
    mapElements(runtime, 'copy', [columns, rows], [turned], [{ ...raw(made), offset: 0 }], ([v]) => ({ results: [v] }));
    return made;
  };
  return {
    lstm([Z, W, H0, C0], _, [H, C, G]) {
      if (sizeOf(Z.view.shape) === 0) return;
      const reads = readsOf(runtime, { Z, W, H0, C0 });
      const sizes = sizesOf('lstm', Z, W);
      const outputs: [string, Operand][] = [
        ['H', H],
        ['C', C],
        ['G', G],
      ];
      recur(runtime, { ...sizes, times: sizes.length, reads, outputs, cell: lstmCell(reads) });
    },
    lstmGradient(inputs, attributes, made) {
      const [w, C0, C, G, dH, dC, dG] = inputs;
      if (sizeOf(G.view.shape) === 0) return clear(made);
      const reads = readsOf(runtime, { W: transposed(w), C0, C, G, dH, dC, dG });
      if (!binds(reads, 3)) return runDecomposed(runtime, kernels(), composites.lstmGradient, inputs, attributes, made);
      const sizes = sizesOf('lstmGradient', G, w);
      const outputs = ['DZ', 'DH', 'DC'].map((name, i): [string, Operand] => [name, made[i]]);
      recur(runtime, { ...sizes, times: sizes.length + 1, reads, outputs, cell: lstmGradientCell(reads) });
    },
    gru([Z, W, B, H0], _, [H, G, A]) {
      if (sizeOf(Z.view.shape) === 0) return;
      const reads = readsOf(runtime, { Z, W, B, H0 });
      const sizes = sizesOf('gru', Z, W);
      const outputs: [string, Operand][] = [
        ['H', H],
        ['G', G],
        ['A', A],
      ];
      recur(runtime, { ...sizes, times: sizes.length, reads, outputs, cell: gruCell(reads) });
    },
    gruGradient(inputs, attributes, made) {
      const [w, H0, H, G, A, dH, dG, dA] = inputs;
      if (sizeOf(G.view.shape) === 0) return clear(made);
      const [DZ, DA, DH] = made;
      const reads = readsOf(runtime, { W: transposed(w), H0, H, G, A, dH, dG, dA });
      if (!binds(reads, 2)) return runDecomposed(runtime, kernels(), composites.gruGradient, inputs, attributes, made);
      const sizes = sizesOf('gruGradient', G, w);
      const outputs: [string, Operand][] = [
        ['DZ', DZ],
        ['DH', DH],
      ];
      recur(runtime, { ...sizes, times: sizes.length + 1, reads, outputs, cell: gruGradientCell(reads) });
      innerGradients(sizes, { G, dA, DZ }, DA);
    },
  };

  /** da, which is dz but for the candidates' part. */
  function innerGradients({ units }: { units: number }, given: Readonly<Record<'G' | 'dA' | 'DZ', Operand>>, DA: Operand): void {
    const reads = readsOf(runtime, given);
    const size = sizeOf(DA.view.shape);
    const program = runtime.program(`gruGradient|inner|${reads.key}`, () => ({
      bindings: [...reads.bindings, { name: 'Y', type: 'f32', writes: true }],
      words: FIRST + reads.words.length,
      workgroup: WORKGROUP,
      main: `  let U = ${word(1)};
  if (t >= ${word(2)}) { return; }
  let row = t / (3u * U);
  let column = t % (3u * U);
  var value = ${reads.at('DZ', 't')};
  if (column >= 2u * U) { value = ${innerGradient(reads, 'value', 'row', '(column - 2u * U)')}; }
  Y[t] = value;`,
    }));
    runtime.run(program, [...reads.buffers, bufferOf(DA)], [units, size, 0, 0, 0, 0, 0, 0, ...reads.words], Math.ceil(size / WORKGROUP));
  }
}
