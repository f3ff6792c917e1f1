import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { bools, floats, ints, special } from './samples.ts';

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
      // Long rows, and bytes.
      {
        inputs: [floats([9, 150]), ints([3, 5], -12, 12), floats([5, 7, 19]), ints([11], -7, 7), bools([6, 37])],
        run: (x, i, y, j, z) => [t.take(x!, i!), t.take(y!, j!, 1), t.take(y!, j!), t.take(z!, j!), t.take(z!, j!, 1)],
        tolerance: exact,
        order: 0,
        gradients: true,
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
        {
          inputs: [floats([9, 50]), ints([30], -10, 10), floats([30, 50]), floats([3, 9, 7]), floats([3, 30, 7])],
          run: (x, i, u, y, v) => [t.scatter(x!, i!, u!, { mode }), t.scatter(y!, i!, v!, { mode, axis: 1 })],
          order: 0,
          gradients: true,
        },
        {
          inputs: [bools([9, 20]), ints([30], -10, 10), bools([30, 20])],
          run: (x, i, u) => t.scatter(x!, i!, u!, { mode }),
          tolerance: exact,
        },
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
      ...[[300], [2, 200, 3], [0, 4], [5, 0]].map(
        (shape): OpSample => ({
          inputs: [floats(shape), ints(shape, -300, 300), bools(shape)],
          run: (...all) => all.flatMap((x) => [t.sort(x, shape.length > 1 ? 1 : 0), t.argsort(x, 0, { descending: true })]),
          order: 0,
          gradients: true,
          tolerance: exact,
        }),
      ),
    ],
  },
  {
    name: 'topK',
    samples: [
      ...[
        { shape: [9], k: 3, axis: 0 },
        { shape: [2, 40, 3], k: 2, axis: 1 },
        { shape: [2, 200], k: 24, axis: -1 },
        { shape: [100, 3], k: 100, axis: 0 },
        { shape: [3, 4], k: 0, axis: 1 },
        { shape: [0, 4], k: 2, axis: 1 },
      ].map(
        ({ shape, k, axis }): OpSample => ({
          inputs: [floats(shape), ints(shape), bools(shape)],
          run: (...all) =>
            all.flatMap((x) => [...Object.values(t.topk(x, k, { axis })), ...Object.values(t.topk(x, k, { axis, largest: false }))]),
          order: 0,
          gradients: true,
          tolerance: exact,
        }),
      ),
      ...[1, 4, 10].map((k): OpSample => ({ inputs: [special], run: (x) => Object.values(t.topk(x!, k)), tolerance: exact, order: 0 })),
      { inputs: [floats([3, 5])], run: (x) => t.topk(x!, 2).values, order: 2 },
    ],
    errors: [{ inputs: [floats([3])], run: (x) => t.topk(x!, 4), message: /k must be a whole number from 0 to 3/ }],
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
