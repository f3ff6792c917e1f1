import { sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import * as t from '@tessera/tensor';
import type { OpDescription, OpSample, SampleTensor } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats, ints, special } from './samples.ts';

type T = t.Tensor;
const { reduction } = tolerances;
/** The same draws wherever x is. */
const seeded = ({ backend }: T): t.Random => new t.Random(5, { counter: t.tensor(Int32Array.of(3, 1), { backend }) });
const crossEntropy = (...inputs: T[]): T => t.run(composites.softmaxCrossEntropy, inputs, {})[0]!;

/** Numbers that draw nothing, so that those of other samples stay what they are. */
const waves = (shape: readonly number[], phase = 0): SampleTensor => ({
  shape,
  dtype: 'float32',
  data: Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(2 * Math.sin(7 * i + phase))),
});

export const composite: readonly OpDescription[] = [
  ...(
    [
      ['relu', t.relu],
      ['sigmoid', t.sigmoid],
      ['silu', t.silu],
      ['softplus', (x: T) => t.softplus(x)],
      ['gelu', (x: T) => t.gelu(x)],
      ['gelu tanh', (x: T) => t.gelu(x, { approximate: 'tanh' })],
      ['mish', t.mish],
      ['elu', (x: T) => t.elu(x)],
      ['selu', t.selu],
      ['leakyRelu', (x: T) => t.leakyRelu(x)],
      ['logSigmoid', t.logSigmoid],
      ['hardSwish', t.hardSwish],
    ] as const
  ).map(
    ([name, run]): OpDescription => ({
      name,
      samples: [
        { inputs: [floats([3, 7])], run: (x) => run(x!), order: 2 },
        { inputs: [special], run: (x) => run(x!), order: 0 },
      ],
    }),
  ),
  ...(['softmax', 'logSoftmax'] as const).map(
    (name): OpDescription => ({
      name,
      samples: [
        { inputs: [floats([3, 7])], run: (x) => [t[name](x!), t[name](x!, 0)], order: 2 },
        {
          inputs: [floats([2, 19, 6]), floats([3, 130]), floats([0, 4]), floats([5, 1])],
          run: (...all) => all.flatMap((x) => [t[name](x), t[name](x, 1), t[name](x, 0)]),
          order: 0,
          gradients: true,
        },
        {
          inputs: [{ shape: [2, 3], dtype: 'float32', data: [1000, 1000, -1000, 0, -Infinity, 2] }],
          run: (x) => [t[name](x!), t[name](x!, 0)],
          order: 0,
        },
        { inputs: [{ ...special, shape: [2, 5] }], run: (x) => [t[name](x!), t[name](x!, 0)], order: 0 },
      ],
    }),
  ),
  {
    name: 'softmaxCrossEntropy',
    samples: [
      ...[
        [3, 7],
        [2, 3, 4],
        [1, 1],
      ].map((shape): OpSample => ({ inputs: [floats(shape), floats(shape, 0, 1)], run: crossEntropy, order: 2, tolerance: reduction })),
      ...[
        [9, 130],
        [0, 3],
        [2, 0],
      ].map(
        (shape): OpSample => ({
          inputs: [floats(shape), floats(shape, 0, 1)],
          run: (...all) => [crossEntropy(...all), crossEntropy(...all).mean()],
          order: 0,
          gradients: true,
          tolerance: reduction,
        }),
      ),
      {
        inputs: [
          { shape: [2, 3], dtype: 'float32', data: [0, -Infinity, 2, 1000, 1000, -1000] },
          { shape: [2, 3], dtype: 'float32', data: [0.5, 0, 0.5, 1, 0, 0] },
        ],
        run: crossEntropy,
        order: 0,
      },
    ],
    errors: [{ inputs: [floats([2, 3]), floats([3])], run: crossEntropy, message: /must have one shape: got \[2, 3\] and \[3\]/ }],
  },
  {
    name: 'einsum',
    samples: [
      {
        inputs: [floats([2, 3, 4]), floats([2, 4, 5])],
        run: (a, b) => [t.einsum('bij,bjk->bik', a!, b!), t.einsum('bij,bjk->', a!, b!), t.einsum('...ij->...ji', a!)],
        tolerance: reduction,
      },
    ],
  },
  {
    name: 'sumSquare',
    samples: [
      { inputs: [floats([3, 37])], run: (x) => t.sumSquare(x!), tolerance: reduction, order: 2 },
      ...[[], [0, 3], [5], [70_000]].map(
        (shape): OpSample => ({ inputs: [floats(shape)], run: (x) => t.sumSquare(x!), tolerance: reduction, order: 0 }),
      ),
      { inputs: [floats([3, 4])], run: (x) => [t.sumSquare(x!, 0), t.norm(x!), t.norm(x!, { axis: 1 })], tolerance: reduction, order: 1 },
      { inputs: [special], run: (x) => t.sumSquare(x!), order: 0 },
    ],
    errors: [
      {
        inputs: [{ shape: [2], dtype: 'int32', data: [1, 2] }],
        run: (x) => t.run(composites.sumSquare, [x!], {})[0]!,
        message: /sumSquare/,
      },
    ],
  },
  {
    name: 'variance and mean',
    samples: [
      {
        inputs: [floats([4, 5])],
        run: (x) => [x!.mean(0), t.variance(x!, { correction: 1 }), t.std(x!, { axis: 1 }), t.logSumExp(x!, 1)],
        tolerance: reduction,
        order: 2,
      },
    ],
  },
  { name: 'cumprod', samples: [{ inputs: [floats([5, 2])], run: (x) => [t.cumprod(x!, 0), t.logCumSumExp(x!, 0)], order: 1 }] },
  {
    name: 'attention',
    samples: [
      {
        inputs: [floats([2, 3, 4]), floats([2, 5, 4]), floats([2, 5, 3])],
        run: (q, k, v) => t.scaledDotProductAttention(q!, k!, v!),
        order: 2,
        tolerance: reduction,
      },
      // Scales that turn the order of scores, or take all differences away.
      ...[-0.7, 0].map(
        (scale): OpSample => ({
          inputs: [waves([2, 6, 4]), waves([2, 6, 4], 1), waves([2, 6, 3], 2)],
          run: (q, k, v) => t.scaledDotProductAttention(q!, k!, v!, { scale, causal: true }),
          tolerance: reduction,
        }),
      ),
      {
        inputs: [floats([2, 5, 2, 3]), floats([2, 5, 2, 3]), floats([2, 5, 2, 3])],
        run: (...all) => {
          const [q, k, v] = all.map((x) => x.transpose([0, 2, 1, 3])) as [T, T, T];
          return t.scaledDotProductAttention(q, k, v, { causal: true, scale: 0.7 });
        },
        tolerance: reduction,
      },
      {
        inputs: [
          floats([3, 6, 4]),
          floats([3, 9, 4]),
          floats([3, 9, 5]),
          { shape: [3, 1, 9], dtype: 'bool', data: Array.from({ length: 27 }, (_, i) => (i % 4 === 1 ? 0 : 1)) },
        ],
        run: (q, k, v, mask) => t.scaledDotProductAttention(q!, k!, v!, { mask: mask! }),
        tolerance: reduction,
      },
      ...[false, true].map(
        (causal): OpSample => ({
          inputs: [floats([2, 150, 20]), floats([2, 330, 20]), floats([2, 330, 18])],
          run: (q, k, v) => t.scaledDotProductAttention(q!, k!, v!, { causal }),
          order: 0,
          gradients: true,
          tolerance: reduction,
        }),
      ),
      // A mask that is added, with keys that are not seen at all, and one for every head.
      {
        inputs: [floats([2, 3, 4]), floats([2, 5, 4]), floats([2, 5, 3]), floats([3, 5])],
        run: (q, k, v, mask) => t.scaledDotProductAttention(q!, k!, v!, { mask: mask! }),
        order: 2,
        tolerance: reduction,
      },
      {
        inputs: [
          floats([3, 6, 4]),
          floats([3, 9, 4]),
          floats([3, 9, 5]),
          { shape: [3, 1, 9], dtype: 'float32', data: Array.from({ length: 27 }, (_, i) => (i % 4 === 1 ? -Infinity : i / 9)) },
        ],
        run: (q, k, v, mask) => t.scaledDotProductAttention(q!, k!, v!, { mask: mask!, causal: true }),
        order: 0,
        tolerance: reduction,
      },
      ...[false, true].map(
        (causal): OpSample => ({
          inputs: [floats([2, 150, 20]), floats([2, 330, 20]), floats([2, 330, 18]), floats([2, 150, 330])],
          run: (q, k, v, mask) => t.scaledDotProductAttention(q!, k!, v!, { causal, mask: mask! }),
          order: 0,
          gradients: true,
          tolerance: reduction,
        }),
      ),
      // Dropped weights: the same for every backend and in the gradient.
      {
        inputs: [floats([2, 2, 3, 4]), floats([2, 2, 5, 4]), floats([2, 2, 5, 3])],
        run: (q, k, v) => t.scaledDotProductAttention(q!, k!, v!, { dropout: 0.3, random: seeded(q!) }),
        order: 2,
        tolerance: reduction,
      },
      ...[333, 260].map(
        (keys): OpSample => ({
          inputs: [
            floats([150, 2, 20]),
            floats([2, keys, 20]),
            floats([2, keys, 18]),
            { shape: [2, 1, keys], dtype: 'bool', data: Array.from({ length: 2 * keys }, (_, i) => (i % 4 === 1 ? 0 : 1)) },
          ],
          run: (q, k, v, mask) =>
            t.scaledDotProductAttention(q!.transpose([1, 0, 2]), k!, v!, {
              dropout: 0.2,
              random: seeded(q!),
              mask: mask!,
              causal: keys === 260,
            }),
          order: 0,
          gradients: true,
          tolerance: reduction,
        }),
      ),
      {
        inputs: [floats([0, 3, 4]), floats([0, 5, 4]), floats([0, 5, 3])],
        run: (q, k, v) => t.scaledDotProductAttention(q!, k!, v!),
        order: 0,
      },
    ],
    errors: [
      {
        inputs: [floats([2, 3, 4]), floats([2, 5, 3])],
        run: (q, k) => t.scaledDotProductAttention(q!, k!, k!),
        message: /\[attention\] q \[..., T, D\]/,
      },
      {
        inputs: [floats([2, 3, 4]), ints([3])],
        run: (q, mask) => t.run(composites.attention, [q!, q!, q!, mask!], { scale: 1, causal: false, rate: 0 }),
        message: /the mask must be bool or float32 and broadcast/,
      },
      {
        inputs: [floats([2, 3, 4])],
        run: (q) => t.scaledDotProductAttention(q!, q!, q!, { dropout: 0.5 }),
        message: /dropout needs a source of random numbers/,
      },
    ],
  },
  {
    name: 'lstm',
    samples: [
      {
        inputs: [floats([2, 3, 8]), floats([2, 8]), floats([2, 2]), floats([2, 2])],
        run: (z, w, h0, c0) => Object.values(t.lstm(z!, w!, h0!, c0!)),
        order: 2,
        tolerance: reduction,
      },
      {
        inputs: [floats([3, 4, 20]), floats([5, 20]), floats([3, 5])],
        run: (z, w, h0) => t.lstm(z!, w!, h0!, t.zeros([3, 5], { dtype: z!.dtype, backend: z!.backend })).h,
        tolerance: reduction,
      },
      {
        inputs: [floats([0, 3, 8]), floats([2, 8]), floats([0, 2])],
        run: (z, w, state) => t.lstm(z!, w!, state!, state!).h,
        order: 0,
      },
    ],
    errors: [
      { inputs: [floats([1, 2, 9]), floats([2, 8]), floats([1, 2])], run: (z, w, s) => t.lstm(z!, w!, s!, s!).h, message: /must fit/ },
    ],
  },
  {
    name: 'gru',
    samples: [
      {
        inputs: [floats([2, 3, 6]), floats([2, 6]), floats([6]), floats([2, 2])],
        run: (z, w, b, h0) => t.gru(z!, w!, b!, h0!),
        order: 2,
        tolerance: reduction,
      },
      {
        inputs: [floats([3, 4, 15]), floats([5, 15]), floats([15])],
        run: (z, w, b) => t.gru(z!, w!, b!, t.zeros([3, 5], { dtype: z!.dtype, backend: z!.backend })),
        tolerance: reduction,
      },
    ],
    errors: [
      {
        inputs: [floats([1, 2, 6]), floats([2, 6]), floats([5]), floats([1, 2])],
        run: (z, w, b, s) => t.gru(z!, w!, b!, s!),
        message: /b must be/,
      },
    ],
  },
];
