import { type DropoutAttributes, dropoutScale, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { addressOf, type Runtime } from './runtime.ts';

type Composites = 'uniform' | 'normal' | 'dropout';

/** Parts of a stream begin with a block of counters whose words are made together. */
const GRAIN = 64;

/** Draws: each part of the output takes the words that stand at its place in the stream. */
export function random(runtime: Runtime): Pick<Kernels, 'randomBits'> & Readonly<Record<Composites, Kernel<never>>> {
  const draw =
    (kernel: 'randomBits' | 'uniform'): Kernel<unknown> =>
    ([key, counter], _, [y]) => {
      const n = sizeOf(y.view.shape);
      const split = {
        units: n,
        grain: GRAIN,
        count: [0, 1],
        moves: [
          [1, 1],
          [4, 4],
        ],
        nanoseconds: n * 1.5,
      } as const;
      runtime.call(kernel, [n, 0, ...[key, counter, y].map(addressOf)], split);
    };
  return {
    randomBits: draw('randomBits'),
    uniform: draw('uniform'),
    normal([key, counter]: readonly Operand[], _: unknown, [y]: readonly Operand[]) {
      const size = sizeOf(y.view.shape);
      const pairs = Math.ceil(size / 2);
      const split = { units: pairs, grain: GRAIN, count: [0, 1], moves: [[1, 1]], nanoseconds: pairs * 8 } as const;
      runtime.call('normal', [pairs, 0, pairs, size, ...[key, counter, y].map(addressOf)], split);
    },
    dropout([x, key, counter], { rate }: DropoutAttributes, [y]) {
      const n = sizeOf(y.view.shape);
      const moves = [
        [1, 1],
        [4, 4],
        [5, 4],
      ] as const;
      const split = { units: n, grain: GRAIN, count: [0, 1], moves, nanoseconds: n * 1.7 } as const;
      runtime.call('dropout', [n, 0, ...[key, counter, x, y].map(addressOf), rate, dropoutScale(rate)], split);
    },
  };
}
