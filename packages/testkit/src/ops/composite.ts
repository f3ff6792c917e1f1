import * as t from '@tessera/tensor';
import type { OpDescription } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats, special } from './samples.ts';

type T = t.Tensor;
const { reduction } = tolerances;

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
  {
    name: 'softmax',
    samples: [
      { inputs: [floats([3, 7])], run: (x) => [t.softmax(x!), t.softmax(x!, 0)], order: 2 },
      { inputs: [{ shape: [2, 3], dtype: 'float32', data: [1000, 1000, -1000, 0, -Infinity, 2] }], run: (x) => t.softmax(x!), order: 0 },
    ],
  },
  { name: 'logSoftmax', samples: [{ inputs: [floats([3, 7])], run: (x) => [t.logSoftmax(x!), t.logSoftmax(x!, 0)], order: 2 }] },
  {
    name: 'uniform and normal',
    samples: [
      {
        inputs: [floats([1])],
        run: (x) => [
          new t.Random(3, { counter: t.tensor(Int32Array.of(1, 0), { backend: x!.backend }) }).uniform([50]),
          new t.Random(4, { counter: t.tensor(Int32Array.of(1, 0), { backend: x!.backend }) }).normal([51]),
        ],
        order: 0,
      },
    ],
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
];
