import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { HostArray } from './host-metric.ts';
import { rocAuc, type RocAucOptions } from './roc-auc.ts';

const array = (data: number[], shape: number[] = [data.length]): HostArray => ({ data: Float64Array.from(data), shape });
const valueOf = (prediction: HostArray, target: HostArray, weight?: HostArray, options?: RocAucOptions): number => {
  const { init, update, compute } = rocAuc(options);
  return compute(update(init(), prediction, target, weight));
};

// Inputs and answers of scikit-learn 1.2.1.
const binary = [0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0];
const sure = [
  0.642, 0.593, 0.668, 0.59, 0.289, 0.114, 0.841, 0.529, 0.445, 0.387, 0.127, 0.628, 0.647, 0.322, 0.485, 0.58, 0.121, 0.023, 0.111, 0.353,
  0.417, 0.976, 0.571, 0.956, 0.985, 0.48, 0.983, 0.941, 0.416, 0.3,
];
const tied = [
  0.6, 0.6, 0.7, 0.6, 0.3, 0.1, 0.8, 0.5, 0.4, 0.4, 0.1, 0.6, 0.6, 0.3, 0.5, 0.6, 0.1, 0, 0.1, 0.4, 0.4, 1, 0.6, 1, 1, 0.5, 1, 0.9, 0.4,
  0.3,
];
const binaryWeight = [
  0.36, 1.54, 1.81, 2.21, 2.14, 2.47, 2.12, 1.84, 1.09, 1.72, 1.56, 1.01, 2.1, 1.38, 2.08, 2.33, 1.32, 0.28, 2.79, 2.41, 2.63, 1.66, 1.42,
  2.28, 2.16, 2.44, 2.98, 1.49, 0.98, 2.38,
];
const classes = [0, 1, 2, 3, 1, 0, 1, 3, 3, 1, 0, 2, 0, 0, 1, 2, 2, 2, 1, 2, 0, 0, 3, 1, 3, 3, 3, 0, 3, 1, 1, 3, 0, 3];
const ofClasses = [
  0.223, 0.324, 0.048, 0.405, 0.285, 0.108, 0.325, 0.282, 0.113, 0.114, 0.349, 0.424, 0.222, 0.429, 0.113, 0.236, 0.3, 0.198, 0.361, 0.141,
  0.121, 0.221, 0.623, 0.035, 0.053, 0.662, 0.066, 0.219, 0.016, 0.109, 0.257, 0.618, 0.043, 0.216, 0.129, 0.612, 0.408, 0.037, 0.379,
  0.176, 0.069, 0.248, 0.221, 0.462, 0.263, 0.165, 0.499, 0.073, 0.194, 0.03, 0.062, 0.714, 0.048, 0.153, 0.734, 0.065, 0.024, 0.532, 0.177,
  0.267, 0.272, 0.446, 0.19, 0.092, 0.048, 0.219, 0.536, 0.197, 0.216, 0.112, 0.497, 0.175, 0.02, 0.229, 0.679, 0.072, 0.128, 0.334, 0.446,
  0.092, 0.535, 0.284, 0.041, 0.14, 0.466, 0.081, 0.435, 0.018, 0.084, 0.061, 0.067, 0.788, 0.153, 0.266, 0.209, 0.372, 0.095, 0.222, 0.162,
  0.521, 0.537, 0.07, 0.187, 0.206, 0.22, 0.47, 0.058, 0.252, 0.257, 0.507, 0.183, 0.053, 0.094, 0.059, 0.794, 0.053, 0.163, 0.65, 0.067,
  0.12, 0.108, 0.814, 0.03, 0.048, 0.317, 0.362, 0.08, 0.241, 0.387, 0.025, 0.264, 0.324, 0.195, 0.043, 0.613, 0.149,
];
const classesWeight = [
  2.43, 1.97, 0.34, 0.57, 1.19, 2.93, 1.77, 1.22, 1.01, 0.98, 1.53, 2.69, 1.7, 0.28, 1.65, 1.89, 1.13, 0.62, 1.82, 1.69, 0.63, 2.63, 2.35,
  1.47, 2.62, 1.81, 1.38, 0.47, 1.16, 1.25, 1.43, 1.99, 1.29, 1.08,
];
const several = [
  1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
  0, 0,
];
const ofSeveral = [
  0.9, 0.72, 0.41, 0.33, 0.64, 0.42, 0.56, 0.4, 0.78, 0.24, 0.45, 0.43, 0.26, 0.08, 0.57, 0.02, 0.04, 0.79, 0.4, 0.3, 0.42, 0.02, 0.17,
  0.52, 0.2, 0.66, 0.23, 0.84, 0.39, 0.7, 0.27, 0.16, 0.2, 0.38, 0.9, 0.38, 0.41, 0.43, 0.69, 0.33, 0.11, 0.45, 0.51, 0.26, 0.34, 0.44,
  0.02, 0.46,
];

describe('rocAuc agrees with scikit-learn', () => {
  const rows: readonly [name: string, value: () => number, expected: number][] = [
    ['binary', () => valueOf(array(sure), array(binary)), 0.831111111111],
    ['binary, weighted', () => valueOf(array(sure), array(binary), array(binaryWeight)), 0.869084849027],
    ['binary with ties', () => valueOf(array(tied), array(binary)), 0.835555555556],
    ['binary with ties, weighted', () => valueOf(array(tied), array(binary), array(binaryWeight)), 0.874548862483],
    ['all scores alike', () => valueOf(array(tied.map(() => 0.5)), array(binary), array(binaryWeight)), 0.5],
    ['classes, macro', () => valueOf(array(ofClasses, [34, 4]), array(classes)), 0.697078373016],
    ['classes, weighted', () => valueOf(array(ofClasses, [34, 4]), array(classes), undefined, { average: 'weighted' }), 0.692398459384],
    ['classes, micro', () => valueOf(array(ofClasses, [34, 4]), array(classes), undefined, { average: 'micro' }), 0.689734717416],
    ['classes with weights of examples', () => valueOf(array(ofClasses, [34, 4]), array(classes), array(classesWeight)), 0.715496813431],
    ['several labels, macro', () => valueOf(array(ofSeveral, [12, 4]), array(several, [12, 4])), 0.841617063492],
    [
      'several labels, micro',
      () => valueOf(array(ofSeveral, [12, 4]), array(several, [12, 4]), undefined, { average: 'micro' }),
      0.862626262626,
    ],
    [
      'several labels, weighted',
      () => valueOf(array(ofSeveral, [12, 4]), array(several, [12, 4]), undefined, { average: 'weighted' }),
      0.853174603175,
    ],
  ];
  for (const [name, value, expected] of rows) it(name, () => expect(value()).toBeCloseTo(expected, 9));
});

describe('rocAuc takes', () => {
  const expected = valueOf(array(sure), array(binary));

  it('columns, scores of both classes and one-hot rows', () => {
    const both = sure.flatMap((score) => [1 - score, score]);
    expect(valueOf(array(sure, [30, 1]), array(binary, [30, 1]))).toBe(expected);
    expect(valueOf(array(both, [30, 2]), array(binary))).toBe(expected);
    expect(
      valueOf(
        array(both, [30, 2]),
        array(
          binary.flatMap((label) => [1 - label, label]),
          [30, 2],
        ),
      ),
    ).toBeCloseTo(expected, 12);
  });

  it('steps of sequences, with weights of examples or of steps', () => {
    expect(valueOf(array(sure, [10, 3, 1]), array(binary, [10, 3]))).toBe(expected);
    const ofExamples = Array.from({ length: 10 }, (_, i) => i + 1);
    const ofSteps = ofExamples.flatMap((weight) => [weight, weight, weight]);
    const weighted = valueOf(array(sure), array(binary), array(ofSteps));
    expect(valueOf(array(sure, [10, 3, 1]), array(binary, [10, 3]), array(ofExamples))).toBe(weighted);
    expect(valueOf(array(sure, [10, 3, 1]), array(binary, [10, 3]), array(ofSteps, [10, 3]))).toBe(weighted);
  });

  it('integers of any type', () => {
    const target = { data: BigInt64Array.from(binary, BigInt), shape: [30] };
    expect(valueOf(array(sure), target)).toBe(expected);
  });
});

describe('the value of rocAuc is NaN', () => {
  it('where there is no pair to compare', () => {
    expect(valueOf(array([0.1, 0.7]), array([1, 1]))).toBeNaN();
    expect(valueOf(array([0.1, 0.7]), array([0, 0]))).toBeNaN();
    expect(rocAuc().compute(rocAuc().init())).toBeNaN();
    // No example is of class 2.
    expect(valueOf(array([1, 0, 0, 0, 1, 0], [2, 3]), array([0, 1]))).toBeNaN();
  });

  it('where a score that counts is NaN', () => {
    expect(valueOf(array([0.1, NaN, 0.7]), array([0, 0, 1]))).toBeNaN();
    expect(valueOf(array([0.1, NaN, 0.7]), array([0, 0, 1]), array([1, 0, 1]))).toBe(1);
  });
});

it('what does not fit is refused', () => {
  expect(() => valueOf(array([1, 2]), array([0, 1, 1]))).toThrow(
    '[metric] prediction and target must have the same examples: got [2] and [3]',
  );
  expect(() => valueOf(array([1, 2]), array([0, 1]), array([1]))).not.toThrow();
  expect(() => valueOf(array([1, 2]), array([0, 1]), array([1, 2, 3]))).toThrow(
    '[metric] weight must have the shape of the examples: got [3] for [2]',
  );
  expect(() => valueOf(array([1, 2]), array([0, 2]))).toThrow('[rocAuc] labels must be whole numbers from 0 to 1: got 2. Give');
  expect(() => valueOf(array([1, 2, 3, 1, 2, 3], [2, 3]), array([-100, 2]))).toThrow(
    '[rocAuc] labels must be whole numbers from 0 to 2: got -100.',
  );
  const { init, update, compute } = rocAuc();
  const mixed = update(update(init(), array([1, 2]), array([0, 1])), array([1, 2, 3], [1, 3]), array([0]));
  expect(() => compute(mixed)).toThrow('[rocAuc] all batches must have as many classes: got 1 and 3');
});

const example = fc.record({
  score: fc.constantFrom(-Infinity, 0, 0.25, 0.5, 1, Infinity),
  label: fc.nat(1),
  weight: fc.integer({ min: 0, max: 3 }),
});

test.prop([fc.array(example, { maxLength: 30 }), fc.nat(30), fc.nat(30)])(
  'rocAuc counts pairs, however the examples are cut into batches',
  (examples, a, b) => {
    let [ordered, pairs] = [0, 0];
    for (const one of examples) {
      for (const other of examples) {
        if (one.label !== 1 || other.label !== 0) continue;
        pairs += one.weight * other.weight;
        ordered += one.weight * other.weight * (one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0);
      }
    }
    const metric = rocAuc();
    const [first, second] = [Math.min(a, b), Math.max(a, b)];
    const parts = [examples.slice(0, first), examples.slice(first, second), examples.slice(second)].map((part) =>
      metric.update(
        metric.init(),
        ...((['score', 'label', 'weight'] as const).map((key) => array(part.map((one) => one[key]))) as [HostArray, HostArray, HostArray]),
      ),
    );
    const value = metric.compute(metric.merge(parts[0]!, metric.merge(parts[1]!, parts[2]!)));
    if (pairs === 0) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(ordered / pairs, 12);
  },
);
