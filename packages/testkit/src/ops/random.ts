import * as composites from '@tessera/core/composites';
import * as t from '@tessera/tensor';
import type { OpDescription, OpSample, SampleTensor } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats } from './samples.ts';

const { exact } = tolerances;
const [key, counter]: SampleTensor[] = [
  [123, -456],
  [7, -1],
].map((data) => ({ shape: [2], dtype: 'int32', data }));
const sizes = [0, 1, 4, 7, 50, 1000, 5003];

export const random: readonly OpDescription[] = [
  {
    name: 'randomBits',
    samples: sizes.map(
      (n): OpSample => ({
        inputs: [key!, counter!],
        run: (k, c) => t.run('randomBits', [k!, c!], { shape: [n] })[0]!,
        tolerance: exact,
      }),
    ),
  },
  {
    name: 'uniform',
    samples: sizes.map(
      (n): OpSample => ({
        inputs: [key!, counter!],
        run: (k, c) => t.run(composites.uniform, [k!, c!], { shape: [n] }),
        order: 0,
        tolerance: exact,
      }),
    ),
  },
  {
    name: 'normal',
    samples: sizes.map(
      (n): OpSample => ({ inputs: [key!, counter!], run: (k, c) => t.run(composites.normal, [k!, c!], { shape: [n] }), order: 0 }),
    ),
  },
  {
    name: 'dropout',
    samples: [
      ...[[7], [0], [3, 5, 4], [67, 71]].map(
        (shape): OpSample => ({
          inputs: [floats(shape), key!, counter!],
          run: (...all) => [0.3, 1].flatMap((rate) => t.run(composites.dropout, all, { rate })),
          order: shape[0]! > 60 ? 0 : 2,
          gradients: true,
          tolerance: exact,
        }),
      ),
      {
        inputs: [{ shape: [2, 3], dtype: 'float32', data: [NaN, Infinity, -Infinity, NaN, Infinity, -Infinity] }, key!, counter!],
        run: (...all) => t.run(composites.dropout, all, { rate: 0.5 }),
        order: 0,
        tolerance: exact,
      },
    ],
    errors: [
      {
        inputs: [floats([2]), key!, counter!],
        run: (...all) => t.run(composites.dropout, all, { rate: 1.5 }),
        message: /\[dropout\] rate must be from 0 to 1: got 1.5/,
      },
    ],
  },
];
