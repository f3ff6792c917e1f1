import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats } from './samples.ts';

type T = t.Tensor;
const { reduction } = tolerances;

/** x, γ and β of that shape; gradients by differences where x is small. */
const sample = (shape: readonly number[], run: (x: T, gamma: T, beta: T) => T | T[], small: boolean): OpSample => ({
  inputs: [floats(shape), floats([shape.at(-1)!]), floats([shape.at(-1)!])],
  run: (x, gamma, beta) => run(x!, gamma!, beta!),
  order: small ? 2 : 0,
  gradients: true,
  tolerance: reduction,
});

const small = [
  [3, 7],
  [2, 3, 4],
] as const;
const large = [
  [2, 3, 16],
  [5, 1],
  [0, 4],
  [9, 130],
  [1, 20],
  [300, 130],
  [40, 70, 24],
] as const;
const samples = (run: (x: T, gamma: T, beta: T) => T | T[]): OpSample[] => [
  ...small.map((shape) => sample(shape, run, true)),
  ...large.map((shape) => sample(shape, run, false)),
];

export const normalization: readonly OpDescription[] = [
  {
    name: 'layerNormalization',
    samples: samples((x, gamma, beta) => [t.layerNormalization(x, { gamma, beta }), t.rmsNormalization(x, { gamma, epsilon: 0.01 })]),
    errors: [
      {
        inputs: [floats([2, 3]), floats([2])],
        run: (x, gamma) => t.layerNormalization(x!, { gamma }),
        message: /as long as the last axis/,
      },
    ],
  },
  {
    name: 'batchNormalization',
    samples: samples((x, gamma, beta) => Object.values(t.batchNormalization(x, { gamma, beta, epsilon: 0.01 }))),
    errors: [
      {
        inputs: [floats([2, 3]), floats([2])],
        run: (x, gamma) => t.batchNormalization(x!, { gamma }),
        message: /as long as the last axis/,
      },
    ],
  },
  {
    name: 'groupNormalization',
    samples: [
      ...[1, 2].map((groups) =>
        sample([2, 3, 4], (x, gamma, beta) => t.groupNormalization(x, groups, { gamma, beta, epsilon: 0.01 }), true),
      ),
      ...(
        [
          [[3, 7], 7],
          [[2, 5, 16], 4],
          [[3, 2, 5, 9], 3],
          [[70, 100, 12], 2],
          [[0, 4, 6], 3],
          [[2, 0, 6], 3],
        ] as const
      ).map(([shape, groups]) => sample(shape, (x, gamma, beta) => t.groupNormalization(x, groups, { gamma, beta, epsilon: 0.01 }), false)),
    ],
    errors: [
      { inputs: [floats([2, 6])], run: (x) => t.groupNormalization(x!, 4), message: /channels must be a multiple of groups: got 6 and 4/ },
      { inputs: [floats([4])], run: (x) => t.groupNormalization(x!, 4), message: /x must be \[N, ..., C\]/ },
    ],
  },
];
