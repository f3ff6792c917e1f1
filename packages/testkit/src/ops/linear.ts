import * as composites from '@tessera/core/composites';
import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats, ints } from './samples.ts';

const { exact, reduction } = tolerances;

export const linear: readonly OpDescription[] = [
  {
    name: 'matmul',
    samples: [
      ...[
        [3, 4, 5],
        [1, 1, 1],
        [17, 9, 33],
        [2, 0, 3],
        [65, 300, 18],
        // One row, two, and one column; more rows than a block by one or two; more than a block of k.
        [1, 9, 3],
        [1, 530, 1031],
        [2, 21, 17],
        [19, 530, 1],
        [1, 37, 1],
        [97, 20, 9],
        [98, 5, 24],
        [7, 530, 35],
        [3, 1100, 6],
      ].map(
        ([m, k, n]): OpSample => ({
          inputs: [floats([m!, k!]), floats([k!, n!])],
          run: (a, b) => a!.matmul(b!),
          tolerance: reduction,
          order: m! * k! * n! < 100 ? 2 : 0,
        }),
      ),
      { inputs: [floats([4, 3]), floats([5, 4])], run: (a, b) => a!.T.matmul(b!.T), tolerance: reduction },
      ...[
        [520, 40, 65],
        [261, 60, 70],
        [8, 37, 1],
        [1, 37, 21],
        [7, 19, 530],
      ].map(
        ([m, k, n]): OpSample => ({
          inputs: [floats([m!, k!]), floats([k!, n!]), floats([k!, m!]), floats([n!, k!])],
          run: (a, b, at, bt) => [at!.T.matmul(b!), a!.matmul(bt!.T), at!.T.matmul(bt!.T)],
          tolerance: reduction,
          order: 0,
        }),
      ),
      { inputs: [floats([2, 1, 3, 4]), floats([5, 4, 2])], run: (a, b) => a!.matmul(b!), tolerance: reduction },
      {
        inputs: [floats([3]), floats([3, 2]), floats([2])],
        run: (a, b, c) => [a!.matmul(b!), b!.matmul(c!), a!.matmul(a!)],
        tolerance: reduction,
      },
      { inputs: [ints([3, 4]), ints([4, 2])], run: (a, b) => a!.matmul(b!), tolerance: exact },
    ],
    errors: [
      {
        inputs: [floats([1, 2]), floats([3, 1])],
        run: (a, b) => a!.matmul(b!),
        message: /inner dimensions must be equal: got \[1, 2\] and \[3, 1\]/,
      },
    ],
  },
  {
    name: 'convolution',
    samples: [
      // A filter for each channel.
      {
        inputs: [floats([3, 5, 6, 7]), floats([3, 2, 1, 7])],
        run: (x, w) => [
          t.conv(x!, w!, { groups: 7, padding: 'same' }),
          t.conv(x!, w!, { groups: 7, strides: 2, dilation: [1, 2], padding: 1 }),
        ],
        tolerance: reduction,
        order: 0,
        gradients: true,
      },
      {
        inputs: [floats([2, 9, 11, 20]), floats([3, 3, 1, 20])],
        run: (x, w) => [
          t.conv(x!, w!, { groups: 20, padding: 'same' }),
          t.conv(x!, w!, {
            groups: 20,
            padding: [
              [0, 2],
              [3, 0],
            ],
          }),
          t.conv(x!, w!, { groups: 20, strides: [1, 2], dilation: 2 }),
        ],
        tolerance: reduction,
        order: 0,
        gradients: true,
      },
      // Windows of one element, which are matrix products, unless they skip elements.
      {
        inputs: [floats([2, 5, 4, 6]), floats([1, 1, 6, 7])],
        run: (x, w) => [t.conv(x!, w!), t.conv(x!, w!, { strides: 2 }), t.conv(x!, w!, { padding: 1 })],
        tolerance: reduction,
        order: 0,
        gradients: true,
      },
      // Channels, filters and sizes that a backend may do by Winograd's form, with odd edges.
      ...(['same', 'valid', 2] as const).map(
        (padding): OpSample => ({
          inputs: [floats([2, 9, 8, 16]), floats([3, 3, 16, 32])],
          run: (x, w) => t.conv(x!, w!, { padding }),
          tolerance: { rtol: 1e-4, atol: 1e-4 },
          order: 0,
          gradients: true,
        }),
      ),
      {
        inputs: [floats([2, 7, 6, 3]), floats([3, 3, 3, 4])],
        run: (x, w) => [t.conv(x!, w!), t.conv(x!, w!, { padding: 'same', strides: 2 })],
        tolerance: reduction,
        order: 0,
      },
      {
        inputs: [floats([1, 4, 5, 2]), floats([2, 3, 2, 2])],
        run: (x, w) =>
          t.conv(x!, w!, {
            padding: [
              [1, 0],
              [2, 1],
            ],
            strides: [2, 1],
          }),
        tolerance: reduction,
        order: 2,
      },
      {
        inputs: [floats([1, 6, 6, 4]), floats([2, 2, 2, 6])],
        run: (x, w) => t.conv(x!, w!, { groups: 2, dilation: 2 }),
        tolerance: reduction,
      },
      {
        inputs: [floats([2, 9, 3]), floats([3, 1, 3])],
        run: (x, w) => t.conv(x!, w!, { groups: 3, padding: 'same' }),
        tolerance: reduction,
      },
      {
        inputs: [floats([1, 3, 4, 3, 2]), floats([2, 2, 2, 2, 3])],
        run: (x, w) => t.conv(x!, w!, { padding: 1, strides: [1, 2, 1] }),
        tolerance: reduction,
      },
      {
        inputs: [floats([3, 20, 17, 3]), floats([3, 3, 3, 32])],
        run: (x, w) => t.conv(x!, w!, { padding: 'same' }).relu(),
        tolerance: reduction,
        order: 0,
      },
    ],
    errors: [
      {
        inputs: [floats([8, 8, 8, 3]), floats([3, 3, 4, 16])],
        run: (x, w) => t.conv(x!, w!),
        message: /input channels must equal groups × kernel channels: got \[8, 8, 8, 3\] and \[3, 3, 4, 16\] with groups 1/,
      },
    ],
  },
  {
    name: 'convolutionInputGradient',
    samples: [
      {
        inputs: [floats([2, 4, 3, 3]), floats([3, 2, 2, 3])],
        run: (x, w) => [
          t.convTranspose(x!, w!, { strides: 2 }),
          t.convTranspose(x!, w!, { strides: [2, 1], padding: 1, outputPadding: [1, 0] }),
        ],
        tolerance: reduction,
        order: 1,
      },
      {
        inputs: [floats([2, 5, 5, 8]), floats([3, 3, 6, 8])],
        run: (x, w) => t.convTranspose(x!, w!, { padding: 'same' }),
        tolerance: reduction,
        order: 0,
      },
    ],
  },
  {
    name: 'convolutionKernelGradient',
    samples: [
      {
        inputs: [floats([2, 6, 5, 3]), floats([2, 4, 3, 4])],
        run: (x, dy) =>
          t.run('convolutionKernelGradient', [x!, dy!], {
            strides: [1, 1],
            padding: [
              [0, 0],
              [0, 0],
            ],
            dilation: [1, 1],
            groups: 1,
            kernelSize: [3, 3],
          })[0]!,
        tolerance: reduction,
        order: 1,
      },
    ],
  },
  {
    name: 'maxPool',
    samples: [
      {
        inputs: [floats([2, 6, 5, 3])],
        run: (x) => [t.maxPool(x!, 2), t.maxPool(x!, 3, { strides: 2, padding: 1 }), t.maxPool(x!, 2, { ceilMode: true })],
        tolerance: exact,
        order: 2,
      },
      { inputs: [floats([2, 7, 3])], run: (x) => t.maxPool(x!, 3, { padding: 'same', strides: 1 }), tolerance: exact },
      // Windows that lie apart, and leave out an element that another padding would not.
      {
        inputs: [floats([1, 6, 1])],
        run: (x) => t.run(composites.maxPool, [x!], { size: [3], strides: [3], padding: [[1, -1]], dilation: [1] })[0]!,
        tolerance: exact,
      },
      // Channels that a backend may take four at a time.
      { inputs: [floats([2, 6, 5, 8])], run: (x) => [t.maxPool(x!, 2), t.maxPool(x!, 3, { strides: 2, padding: 1 })], tolerance: exact },
    ],
  },
  {
    name: 'averagePool',
    samples: [
      {
        inputs: [floats([2, 6, 5, 3])],
        run: (x) => [
          t.averagePool(x!, 2),
          t.averagePool(x!, 3, { strides: 2, padding: 1 }),
          t.averagePool(x!, 3, { strides: 2, padding: 1, countIncludePadding: true }),
        ],
        tolerance: reduction,
        order: 1,
      },
    ],
  },
];
