import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, sigmoid, softmax, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import { crossEntropy } from './cross-entropy.ts';
import { negativeLogLikelihood } from './negative-log-likelihood.ts';
import type { Loss, LossCallOptions, Reduction } from './loss.ts';
import { huber, meanAbsoluteError, meanSquaredError } from './regression.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const labels = (values: number[]): Tensor => tensor(Int32Array.from(values));
const logits = [
  [2, -1, 0.5],
  [0.1, 0.2, -3],
];
const logSoftmaxOf = (row: readonly number[]): number[] => {
  const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
  return row.map((x) => x - total);
};
const [first, second] = logits.map(logSoftmaxOf) as [number[], number[]];

/** The losses of two examples by hand, and the calls that must give them. */
const cases: Readonly<Record<string, { each: [number, number]; loss: (reduction: Reduction) => Loss; inputs: () => [Tensor, Tensor] }>> = {
  'cross-entropy of logits': {
    each: [-first[0]!, -second[2]!],
    loss: (reduction) => crossEntropy({ fromLogits: true, reduction }),
    inputs: () => [tensor(logits), labels([0, 2])],
  },
  'cross-entropy of probabilities': {
    each: [-first[0]!, -second[2]!],
    loss: (reduction) => crossEntropy({ reduction }),
    inputs: () => [tensor(logits.map((row) => logSoftmaxOf(row).map(Math.exp))), labels([0, 2])],
  },
  'cross-entropy of one-hot targets': {
    each: [-first[0]!, -second[2]!],
    loss: (reduction) => crossEntropy({ reduction }),
    inputs: () => [
      softmax(tensor(logits)),
      tensor([
        [1, 0, 0],
        [0, 0, 1],
      ]),
    ],
  },
  'cross-entropy with smoothed labels': {
    each: [
      -(0.9 * first[0]! + 0.1 * ((first[0]! + first[1]! + first[2]!) / 3)),
      -(0.9 * second[2]! + 0.1 * ((second[0]! + second[1]! + second[2]!) / 3)),
    ],
    loss: (reduction) => crossEntropy({ fromLogits: true, labelSmoothing: 0.1, reduction }),
    inputs: () => [tensor(logits), labels([0, 2])],
  },
  'binary cross-entropy': {
    each: [-Math.log(0.8), -Math.log(1 - 0.3)],
    loss: (reduction) => binaryCrossEntropy({ reduction }),
    inputs: () => [tensor([0.8, 0.3]), tensor([1, 0])],
  },
  'binary cross-entropy of logits': {
    each: [Math.log(1 + Math.exp(-1.5)), 2 * Math.log(1 + Math.exp(0.5))],
    loss: (reduction) => binaryCrossEntropy({ fromLogits: true, reduction, weight: tensor([1, 2]) }),
    inputs: () => [tensor([1.5, 0.5]), tensor([1, 0])],
  },
  'negative log likelihood': {
    each: [-first[1]!, -second[0]!],
    loss: (reduction) => negativeLogLikelihood({ reduction }),
    inputs: () => [tensor([first, second]), labels([1, 0])],
  },
  'mean squared error': {
    each: [0.25, 4],
    loss: (reduction) => meanSquaredError({ reduction }),
    inputs: () => [tensor([1, -1]), tensor([1.5, 1])],
  },
  'mean absolute error': {
    each: [0.5, 2],
    loss: (reduction) => meanAbsoluteError({ reduction }),
    inputs: () => [tensor([1, -1]), tensor([1.5, 1])],
  },
  huber: {
    each: [0.125, 1.5],
    loss: (reduction) => huber({ reduction }),
    inputs: () => [tensor([1, -1]), tensor([1.5, 1])],
  },
};

describe('losses equal what the formula gives', () => {
  for (const [name, { each, loss, inputs }] of Object.entries(cases)) {
    it(name, async () => {
      const value = async (reduction: Reduction, options?: LossCallOptions): Promise<unknown> =>
        loss(reduction)(...inputs(), options).array();
      const near = (got: unknown, expected: number): void => expect(got).toBeCloseTo(expected, 5);
      const none = (await value('none')) as number[];
      none.forEach((x, i) => near(x, each[i]!));
      near(await value('sum'), each[0] + each[1]);
      near(await value('mean'), (each[0] + each[1]) / 2);
      near(await value('sum', { sampleWeight: tensor([3, 0]) }), 3 * each[0]);
      near(await value('mean', { sampleWeight: tensor([3, 1]) }), (3 * each[0] + each[1]) / 2);
    });
  }

  it('class weights count in the mean as in PyTorch, and ignored classes for nothing', async () => {
    const weight = tensor([0.5, 1, 4]);
    const weighed = crossEntropy({ fromLogits: true, weight })(tensor(logits), labels([0, 2]));
    expect(await weighed.item()).toBeCloseTo((-0.5 * first[0]! - 4 * second[2]!) / 4.5, 5);
    const ignored = crossEntropy({ fromLogits: true })(tensor(logits), labels([-100, 1]));
    expect(await ignored.item()).toBeCloseTo(-second[1]!, 5);
    const likelihood = negativeLogLikelihood({ weight, ignoreIndex: 1 })(tensor([first, second]), labels([1, 2]));
    expect(await likelihood.item()).toBeCloseTo(-second[2]!, 5);
  });

  it('positive weights scale the positive part', async () => {
    const loss = binaryCrossEntropy({ fromLogits: true, positiveWeight: tensor(3), reduction: 'none' });
    const [positive, negative] = (await loss(tensor([0.7, 0.7]), tensor([1, 0])).array()) as number[];
    expect(positive).toBeCloseTo(3 * Math.log(1 + Math.exp(-0.7)), 5);
    expect(negative).toBeCloseTo(Math.log(1 + Math.exp(0.7)), 5);
  });
});

describe('losses stay finite however sure a prediction is', () => {
  const extremes: Record<string, (z: Tensor) => Tensor> = {
    'cross-entropy of logits': (z) => crossEntropy({ fromLogits: true })(z, labels([1])),
    'cross-entropy behind softmax': (z) => crossEntropy()(softmax(z), labels([1])),
    'binary cross-entropy of logits': (z) => binaryCrossEntropy({ fromLogits: true })(z, tensor([[0, 1]])),
    'binary cross-entropy behind sigmoid': (z) => binaryCrossEntropy()(sigmoid(z), tensor([[0, 1]])),
  };
  for (const [name, f] of Object.entries(extremes)) {
    it(name, async () => {
      const z = tensor([[1e4, -1e4]]);
      expect(await f(z).item()).toBeGreaterThan(9_000);
      const slope = (await grad(f)(z).array()) as number[][];
      expect(slope[0]!.every(Number.isFinite)).toBe(true);
      expect(slope[0]![0]).toBeGreaterThan(0.4);
      expect(slope[0]![1]).toBeLessThan(-0.4);
    });
  }
});

describe('targets that do not fit are refused', () => {
  const wrong: [name: string, f: () => unknown, message: RegExp][] = [
    [
      'cross-entropy',
      () => crossEntropy()(tensor(logits), labels([1, 2, 0])),
      /target must be class indices \[2\] or probabilities \[2, 3\]: got \[3\]/,
    ],
    ['cross-entropy of a scalar', () => crossEntropy()(tensor(1), labels([1])), /prediction must be \[\.\.\., classes\]: got \[\]/],
    ['likelihood', () => negativeLogLikelihood()(tensor(logits), tensor(logits)), /target must be class indices \[2\]: got \[2, 3\]/],
    ['squared error', () => meanSquaredError()(tensor([1, 2]), tensor([[1], [2]])), /must have one shape: got \[2\] and \[2, 1\]/],
    ['binary', () => binaryCrossEntropy()(tensor([1, 2]), tensor([1])), /must have one shape: got \[2\] and \[1\]/],
    [
      'weights',
      () => meanSquaredError()(tensor([1, 2]), tensor([1, 2]), { sampleWeight: tensor([1, 2, 3]) }),
      /sampleWeight must have the shape of the examples: got \[3\] for losses \[2\]/,
    ],
  ];
  for (const [name, f, message] of wrong) it(name, () => expect(f).toThrow(message));
});
