import { type Kernel, type None, type Operand, sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { bufferOf } from './cells.ts';
import { runDecomposed } from './decomposed.ts';
import { clear } from './fill.ts';
import { word } from './program.ts';
import {
  addProducts,
  binds,
  type Cell,
  FIRST,
  placesOf,
  products,
  type Reads,
  readsOf,
  recur,
  sigmoidSlope,
  sizesOf,
  tanhSlope,
  transposed,
} from './recurrence.ts';
import type { Runtime } from './runtime.ts';

const WORKGROUP = 64;

const cellOf = (reads: Reads): Cell => ({
  sums: products(reads, 3),
  each: `${placesOf(3)}
        let update = sigmoid(${reads.at('Z', 'first')} + (a[r].x + ${reads.at('B', 'u')}));
        let reset = sigmoid(${reads.at('Z', 'first + U')} + (a[r].y + ${reads.at('B', 'U + u')}));
        let inner = a[r].z + ${reads.at('B', '2u * U + u')};
        let candidate = hyperbolicTangent(${reads.at('Z', 'first + 2u * U')} + reset * inner);
        var before = 0.0;
        if (s == 0u) { before = ${reads.at('H0', 'n * U + u')}; } else { before = H[at - U]; }
        H[at] = update * before + (1.0 - update) * candidate;
        G[first] = update;
        G[first + U] = reset;
        G[first + 2u * U] = candidate;
        A[at] = inner;`,
});

/** What comes to aₙ: dzₙ·r and its own cotangent, of the unit `k` of a row. */
const innerGradient = ({ at }: Reads, dz: string, row: string, k: string): string =>
  `(${dz} * ${at('G', `(${row} * 3u + 1u) * U + ${k}`)} + ${at('dA', `${row} * U + ${k}`)})`;

/** As that of the LSTM; DH carries d·u from time to time. */
const gradientCellOf = (reads: Reads): Cell => {
  const { at } = reads;
  const after = '(n * T + T - s)';
  const inner = innerGradient(reads, `DZ[(${after} * 3u + 2u) * U + k]`, after, 'k');
  return {
    sums: (examples) => `var a = array<f32, ${examples}>();
      if (s > 0u) {
      ${addProducts(examples, '2u * U', `DZ[${after} * 3u * U + k]`, at('W', 'k * U + u'))}
      ${addProducts(examples, 'U', inner, at('W', '(2u * U + k) * U + u'))}
      }`,
    each: `let own = n * U + u;
        var dh = a[r];
        if (s > 0u) { dh = dh + DH[own]; }
        if (s == T) { DH[own] = dh; continue; }
        ${placesOf(3, 'T - 1u - s')}
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
        DH[own] = d * update;`,
  };
};

type Names = 'gru' | 'gruGradient';

/** `kernels` is the whole table: where a device binds too few buffers for all that a gradient may read, it is done by its parts. */
export function gru(runtime: Runtime, kernels: () => Readonly<Record<string, Kernel<never>>>): Readonly<Record<Names, Kernel<None>>> {
  return {
    gru([Z, W, B, H0], _, [H, G, A]) {
      if (sizeOf(Z.view.shape) === 0) return;
      const reads = readsOf(runtime, { Z, W, B, H0 });
      const sizes = sizesOf('gru', Z, W);
      const outputs: [string, Operand][] = [
        ['H', H],
        ['G', G],
        ['A', A],
      ];
      recur(runtime, { ...sizes, times: sizes.length, reads, outputs, cell: cellOf(reads) });
    },
    gruGradient(inputs, attributes, made) {
      const [w, H0, H, G, A, dH, dG, dA] = inputs;
      if (sizeOf(G.view.shape) === 0) return clear(runtime, made);
      const [DZ, DA, DH] = made;
      const reads = readsOf(runtime, { W: transposed(runtime, w), H0, H, G, A, dH, dG, dA });
      if (!binds(runtime, reads, 2)) return runDecomposed(runtime, kernels(), composites.gruGradient, inputs, attributes, made);
      const sizes = sizesOf('gruGradient', G, w);
      const outputs: [string, Operand][] = [
        ['DZ', DZ],
        ['DH', DH],
      ];
      recur(runtime, { ...sizes, times: sizes.length + 1, reads, outputs, cell: gradientCellOf(reads) });
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
    // As many parameters before what is read as the recurrence has.
    runtime.run(program, [...reads.buffers, bufferOf(DA)], [units, size, 0, 0, 0, 0, ...reads.words], Math.ceil(size / WORKGROUP));
  }
}
