import { type Kernel, type None, type Operand, sizeOf } from '@tessera/core';
import { partsOf } from './parts.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** What an element takes, roughly. */
const NANOSECONDS = 0.15;

export function sumSquare(runtime: Runtime): { readonly sumSquare: Kernel<never> } {
  return {
    sumSquare([x]: readonly Operand[], _: None, [y]: readonly Operand[]) {
      const n = sizeOf(x.view.shape);
      const { parts, per } = partsOf(Math.max(1, n), 1);
      const accumulators = runtime.scratch(parts * 8);
      runtime.call('sumSquare', [0, parts, per, n, addressOf(x), accumulators], {
        units: parts,
        count: [1, 1],
        moves: [[0, 1]],
        nanoseconds: n * NANOSECONDS,
      });
      runtime.kernels.roundSums(parts, 1, accumulators, 1, 0, addressOf(y));
    },
  };
}
