import { type Kernel, type None, type Operand, sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { runDecomposed } from './decomposed.ts';
import { clear } from './fill.ts';
import {
  addProducts,
  binds,
  type Cell,
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

const cellOf = (reads: Reads): Cell => ({
  sums: products(reads, 4),
  each: `${placesOf(4)}
        let i = sigmoid(${reads.at('Z', 'first')} + a[r].x);
        let f = sigmoid(${reads.at('Z', 'first + U')} + a[r].y);
        let c = hyperbolicTangent(${reads.at('Z', 'first + 2u * U')} + a[r].z);
        let o = sigmoid(${reads.at('Z', 'first + 3u * U')} + a[r].w);
        var state = 0.0;
        if (s == 0u) { state = ${reads.at('C0', 'n * U + u')}; } else { state = C[at - U]; }
        state = f * state + i * c;
        C[at] = state;
        H[at] = o * hyperbolicTangent(state);
        G[first] = i;
        G[first + U] = f;
        G[first + 2u * U] = c;
        G[first + 3u * U] = o;`,
});

/** From the last time to the first, and once more for what comes to the first state; `a` is what comes to h from the time after. */
const gradientCellOf = ({ at }: Reads): Cell => ({
  sums: (examples) => `var a = array<f32, ${examples}>();
      if (s > 0u) { ${addProducts(examples, '4u * U', 'DZ[(n * T + T - s) * 4u * U + k]', at('W', 'k * U + u'))} }`,
  each: `let own = n * U + u;
        if (s == T) { DH[own] = a[r]; continue; }
        ${placesOf(4, 'T - 1u - s')}
        let i = ${at('G', 'first')};
        let f = ${at('G', 'first + U')};
        let c = ${at('G', 'first + 2u * U')};
        let o = ${at('G', 'first + 3u * U')};
        let y = hyperbolicTangent(${at('C', 'at')});
        let dy = ${at('dH', 'at')} + a[r];
        var d = ${at('dC', 'at')};
        if (s > 0u) { d = d + DC[own]; }
        d = d + dy * o * ${tanhSlope('y')};
        var before = 0.0;
        if (s + 1u == T) { before = ${at('C0', 'own')}; } else { before = ${at('C', 'at - U')}; }
        DZ[first] = (d * c + ${at('dG', 'first')}) * ${sigmoidSlope('i')};
        DZ[first + U] = (d * before + ${at('dG', 'first + U')}) * ${sigmoidSlope('f')};
        DZ[first + 2u * U] = (d * i + ${at('dG', 'first + 2u * U')}) * ${tanhSlope('c')};
        DZ[first + 3u * U] = (dy * y + ${at('dG', 'first + 3u * U')}) * ${sigmoidSlope('o')};
        DC[own] = d * f;`,
});

type Names = 'lstm' | 'lstmGradient';

/** `kernels` is the whole table: where a device binds too few buffers for all that a gradient may read, it is done by its parts. */
export function lstm(runtime: Runtime, kernels: () => Readonly<Record<string, Kernel<never>>>): Readonly<Record<Names, Kernel<None>>> {
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
      recur(runtime, { ...sizes, times: sizes.length, reads, outputs, cell: cellOf(reads) });
    },
    lstmGradient(inputs, attributes, made) {
      const [w, C0, C, G, dH, dC, dG] = inputs;
      if (sizeOf(G.view.shape) === 0) return clear(runtime, made);
      const reads = readsOf(runtime, { W: transposed(runtime, w), C0, C, G, dH, dC, dG });
      if (!binds(runtime, reads, 3)) return runDecomposed(runtime, kernels(), composites.lstmGradient, inputs, attributes, made);
      const sizes = sizesOf('lstmGradient', G, w);
      const outputs = ['DZ', 'DH', 'DC'].map((name, i): [string, Operand] => [name, made[i]]);
      recur(runtime, { ...sizes, times: sizes.length + 1, reads, outputs, cell: gradientCellOf(reads) });
    },
  };
}
