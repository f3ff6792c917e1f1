import * as t from '@tessera/tensor';
import type { OpDescription } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats, ints } from './samples.ts';

const { exact, reduction } = tolerances;

export const movement: readonly OpDescription[] = [
  {
    name: 'reshape',
    samples: [
      {
        inputs: [floats([3, 4, 5])],
        run: (x) => [x!.reshape([5, 12]), x!.T.reshape([-1]), x!.at(':', '1:3').reshape([6, 5])],
        tolerance: exact,
        order: 2,
      },
    ],
    errors: [{ inputs: [floats([3])], run: (x) => x!.reshape([2]), message: /number of elements must stay/ }],
  },
  {
    name: 'broadcast',
    samples: [{ inputs: [floats([3, 1])], run: (x) => x!.broadcastTo([2, 3, 4]), tolerance: exact, order: 2 }],
    errors: [{ inputs: [floats([3])], run: (x) => x!.broadcastTo([2]), message: /broadcast/ }],
  },
  {
    name: 'transpose',
    samples: [{ inputs: [floats([3, 4, 5])], run: (x) => [x!.T, x!.transpose([1, 0, 2])], tolerance: exact, order: 2 }],
    errors: [{ inputs: [floats([3, 2])], run: (x) => x!.transpose([0, 0]), message: /permutation/ }],
  },
  {
    name: 'slice',
    samples: [
      {
        inputs: [floats([6, 5])],
        run: (x) => [x!.at('1:5:2', '::-2'), x!.at(-1), x!.at(':', '4:1:-1'), x!.at('3:3')],
        tolerance: exact,
        order: 2,
      },
    ],
    errors: [{ inputs: [floats([3])], run: (x) => x!.at(3), message: /index must be from -3 to 2/ }],
  },
  { name: 'flip', samples: [{ inputs: [floats([3, 4])], run: (x) => [x!.flip(), x!.flip(1)], tolerance: exact, order: 2 }] },
  {
    name: 'pad',
    samples: [
      {
        inputs: [floats([3, 4])],
        run: (x) => [
          x!.pad(
            [
              [1, 2],
              [0, 1],
            ],
            7,
          ),
          x!.pad([
            [-1, 1],
            [2, -2],
          ]),
          t.pad(
            x!,
            [
              [1, 1],
              [2, 0],
            ],
            0,
            'reflect',
          ),
          t.pad(
            x!,
            [
              [1, 1],
              [2, 3],
            ],
            0,
            'circular',
          ),
          t.pad(
            x!,
            [
              [2, 1],
              [0, 5],
            ],
            0,
            'replicate',
          ),
        ],
        tolerance: exact,
        order: 2,
      },
      {
        inputs: [floats([4])],
        run: (x) => [
          t.run('pad', [x!], { edges: [[-2, 3]], interior: [2], value: 1 })[0]!,
          t.run('pad', [x!], { edges: [[1, -4]], interior: [1], value: 0 })[0]!,
        ],
        tolerance: exact,
        order: 2,
      },
      {
        inputs: [floats([0, 2])],
        run: (x) =>
          x!.pad(
            [
              [1, 1],
              [1, 0],
            ],
            3,
          ),
        tolerance: exact,
      },
    ],
  },
  {
    name: 'concat',
    samples: [
      {
        inputs: [floats([2, 3]), floats([2, 1]), floats([2, 0])],
        run: (a, b, c) => [t.concat([a!, b!, c!], 1), t.stack([a!, a!], -1)],
        tolerance: exact,
        order: 2,
      },
    ],
    errors: [{ inputs: [floats([2, 3]), floats([3, 3])], run: (a, b) => t.concat([a!, b!], 1), message: /equal but for axis 1/ }],
  },
  {
    name: 'window',
    samples: [
      {
        inputs: [floats([2, 7, 3])],
        run: (x) => t.run('window', [x!], { axes: [1], size: [3], strides: [2], dilation: [1] })[0]!.mul(1),
        order: 2,
      },
      {
        inputs: [floats([6, 6])],
        run: (x) => t.run('window', [x!], { axes: [0, 1], size: [2, 3], strides: [1, 2], dilation: [2, 1] })[0]!.sum([2, 3]),
        tolerance: reduction,
      },
    ],
  },
  { name: 'copy', samples: [{ inputs: [floats([3, 4])], run: (x) => t.copy(x!.T), tolerance: exact }] },
  {
    name: 'fill',
    samples: [
      {
        inputs: [floats([1])],
        run: (x) => [t.full([2, 3], 2.5, { backend: x!.backend }).mul(x!), t.full([3], 7, { dtype: 'int32', backend: x!.backend }).add(1)],
      },
    ],
  },
  {
    name: 'cumsum',
    samples: [
      { inputs: [floats([4, 5, 2])], run: (x) => [x!.cumsum(0), x!.cumsum(1), x!.cumsum()], tolerance: reduction },
      { inputs: [ints([6])], run: (x) => x!.cumsum(0) },
    ],
  },
];
