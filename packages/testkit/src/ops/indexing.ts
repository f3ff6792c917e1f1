import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats, ints, special } from './samples.ts';

type T = t.Tensor;
const { exact } = tolerances;

export const indexing: readonly OpDescription[] = [
  {
    name: 'gather',
    samples: [
      {
        inputs: [floats([5, 3]), ints([2, 4], -5, 5)],
        run: (x, i) => [t.take(x!, i!), t.take(x!.T, i!, 1), t.takeAlongAxis(x!, i!.at(':', '0:3').mul(0).add(1), 0)],
        tolerance: exact,
        order: 2,
      },
      {
        inputs: [floats([3, 2]), { shape: [4], dtype: 'int32', data: [0, 3, -4, 99] }],
        run: (x, i) => t.take(x!, i!),
        tolerance: exact,
        order: 0,
      },
      {
        inputs: [ints([3, 2]), { shape: [4], dtype: 'int32', data: [0, 3, -4, 2] }],
        run: (x, i) => t.take(x!, i!),
        tolerance: exact,
        order: 0,
      },
    ],
  },
  ...(['set', 'add', 'max', 'min'] as const).map(
    (mode): OpDescription => ({
      name: `scatter ${mode}`,
      samples: [
        {
          inputs: [floats([5, 2]), { shape: [4], dtype: 'int32', data: [0, 3, 3, -1] }, floats([4, 2])],
          run: (x, i, u) => t.scatter(x!, i!, u!, { mode }),
          order: 1,
        },
        {
          inputs: [floats([2, 5]), { shape: [3], dtype: 'int32', data: [0, 7, -9] }, floats([2, 3])],
          run: (x, i, u) => t.scatter(x!, i!, u!, { mode, axis: 1 }),
          order: 1,
        },
        { inputs: [ints([5]), ints([4], 0, 5), ints([4])], run: (x, i, u) => t.scatter(x!, i!, u!, { mode }), tolerance: exact },
      ],
      errors: [
        {
          inputs: [floats([5]), ints([2], 0, 5), floats([3])],
          run: (x, i, u) => t.scatter(x!, i!, u!),
          message: /updates must have shape \[2\]: got \[3\]/,
        },
      ],
    }),
  ),
  {
    name: 'sort',
    samples: [
      {
        inputs: [floats([4, 7, 2])],
        run: (x) => [t.sort(x!, 1), t.argsort(x!, 0), t.sort(x!, -1, { descending: true })],
        tolerance: exact,
        order: 1,
      },
      { inputs: [special], run: (x) => [t.sort(x!), t.argsort(x!), t.argsort(x!, 0, { descending: true })], tolerance: exact, order: 0 },
      { inputs: [ints([33])], run: (x) => [t.sort(x!), t.argsort(x!), t.argsort(x!, 0, { descending: true })], tolerance: exact },
      {
        inputs: [floats([9])],
        run: (x) => {
          const { values, indices } = t.topk(x!, 3);
          return [values, indices];
        },
        tolerance: exact,
      },
    ],
  },
  {
    name: 'randomBits',
    samples: [1, 4, 7, 1000].map(
      (n): OpSample => ({
        inputs: [
          { shape: [2], dtype: 'int32', data: [123, -456] },
          { shape: [2], dtype: 'int32', data: [7, 0] },
        ],
        run: (k, c) => t.run('randomBits', [k!, c!], { shape: [n] })[0]!,
        tolerance: exact,
      }),
    ),
  },
  {
    name: 'scan',
    samples: [
      {
        inputs: [floats([2]), floats([5, 2]), floats([2])],
        run: (c, xs, w) => {
          const [last, ys] = t.scan(
            (s: T, x: T): [T, T] => {
              const n = s.mul(w!).add(x).tanh();
              return [n, n.square()];
            },
            c!,
            xs!,
          );
          return [last, ys];
        },
        order: 2,
      },
      {
        inputs: [floats([2]), floats([5, 2])],
        run: (c, xs) => t.scan((s: T, x: T): [T, T] => [s.add(x), s], c!, xs!, { reverse: true })[1],
        order: 1,
      },
      { inputs: [floats([2]), floats([0, 2])], run: (c, xs) => t.scan((s: T, x: T): [T, T] => [s.add(x), s], c!, xs!)[0], order: 1 },
    ],
  },
];
