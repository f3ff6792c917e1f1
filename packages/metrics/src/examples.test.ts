import { cpu } from '@tessera/backend-cpu';
import { maskOfLengths, setDefaultBackend, tensor, type Tensor, withMask } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { accuracy, topKAccuracy } from './accuracy.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import type { Metric } from './metric.ts';
import { f1, precision, recall } from './precision-recall.ts';
import { meanAbsoluteError, meanSquaredError } from './regression.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const CLASSES = 3;
const SIZE = 24;
const floats = (shape: number[], f: (i: number) => number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => f(i)),
    { shape },
  );
const scores = (rows: number[]): Tensor => floats([...rows, CLASSES], (i) => Math.sin(7 * i));
const labels = (rows: number[]): Tensor => floats(rows, (i) => (i * i) % CLASSES).astype('int32');
const oneHot = (rows: number[]): Tensor =>
  floats([...rows, CLASSES], (i) => Number(Math.floor(i / CLASSES) ** 2 % CLASSES === i % CLASSES));
const weights = (rows: number[]): Tensor => floats(rows, (i) => 1 + (i % 4));

const value = async (metric: unknown, ...batch: [Tensor, Tensor, Tensor?]): Promise<unknown> => {
  const { init, update, compute } = metric as Metric;
  return compute(update(init(), ...batch)).array();
};

const classification = [
  accuracy(),
  topKAccuracy(2),
  confusionMatrix(CLASSES),
  precision(CLASSES),
  recall(CLASSES),
  f1(CLASSES, { average: 'weighted' }),
];
const regression = [meanSquaredError(), meanAbsoluteError()];
const shapes = { steps: [4, 6], pixels: [2, 3, 4] };

for (const [what, shape] of Object.entries(shapes)) {
  describe(`examples that are ${what}`, () => {
    for (const metric of classification) {
      it(metric.name, async () => {
        const spread = weights([shape[0]!])
          .reshape([shape[0]!, ...shape.slice(1).map(() => 1)])
          .broadcastTo(shape);
        expect(await value(metric, scores(shape), labels(shape))).toEqual(await value(metric, scores([SIZE]), labels([SIZE])));
        expect(await value(metric, scores(shape), oneHot(shape))).toEqual(await value(metric, scores([SIZE]), labels([SIZE])));
        expect(await value(metric, scores(shape), labels([...shape, 1]))).toEqual(await value(metric, scores([SIZE]), labels([SIZE])));
        for (const [weight, flat] of [
          [weights(shape), weights([SIZE])],
          [weights([shape[0]!]), spread.reshape([SIZE])],
          [weights([shape[0]!, 1]), spread.reshape([SIZE])],
        ] as const) {
          expect(await value(metric, scores(shape), labels(shape), weight)).toEqual(
            await value(metric, scores([SIZE]), labels([SIZE]), flat),
          );
        }
      });
    }

    for (const metric of regression) {
      it(metric.name, async () => {
        const [x, y] = [(rows: number[]): Tensor => floats(rows, Math.sin), (rows: number[]): Tensor => floats(rows, (i) => i / SIZE)];
        const flat = weights([shape[0]!])
          .reshape([shape[0]!, ...shape.slice(1).map(() => 1)])
          .broadcastTo(shape)
          .reshape([SIZE]);
        expect(await value(metric, x([...shape, 1]), y(shape))).toEqual(await value(metric, x([SIZE]), y([SIZE])));
        expect(await value(metric, x(shape), y(shape), weights([shape[0]!]))).toEqual(await value(metric, x([SIZE]), y([SIZE]), flat));
      });
    }
  });
}

describe('steps that the mask of the prediction leaves out count for nothing', () => {
  const mask = (): Tensor => maskOfLengths(tensor(Int32Array.of(6, 2, 0, 3)), 6);
  const real = [6, 2, 0, 3].flatMap((length) => Array.from({ length: 6 }, (_, i) => Number(i < length)));

  for (const metric of [...classification, ...regression] as Metric[]) {
    it(metric.name, async () => {
      const classes = classification.includes(metric as never);
      const prediction = (rows: number[]): Tensor => (classes ? scores(rows) : floats(rows, Math.sin));
      const target = (rows: number[]): Tensor => (classes ? labels(rows) : floats(rows, (i) => i / SIZE));
      const kept = weights([SIZE]).mul(tensor(real));
      const masked = withMask(prediction([4, 6]), mask());
      expect(await value(metric, masked, target([4, 6]), weights([4, 6]))).toEqual(
        await value(metric, prediction([SIZE]), target([SIZE]), kept),
      );
      expect(await value(metric, masked, target([4, 6]))).toEqual(await value(metric, prediction([SIZE]), target([SIZE]), tensor(real)));
    });
  }

  it('whatever their numbers are', async () => {
    const padded = floats([4, 6], (i) => (real[i] ? 2 : NaN));
    expect(
      await value(
        meanSquaredError(),
        withMask(padded, mask()),
        floats([4, 6], () => 0),
      ),
    ).toBe(4);
  });

  it('and a mask of other axes than the values’ says nothing of them', async () => {
    const perExample = withMask(
      floats([2, 3], (i) => i),
      maskOfLengths(tensor(Int32Array.of(1, 0)), 3),
    );
    expect(await value(accuracy(), perExample, tensor(Int32Array.of(2, 0)))).toBe(0.5);
  });
});

describe('what does not fit is refused', () => {
  const update =
    (metric: unknown, ...batch: [Tensor, Tensor, Tensor?]) =>
    (): unknown =>
      (metric as Metric).update((metric as Metric).init(), ...batch);

  it('targets of other examples', () => {
    for (const metric of classification) {
      expect(update(metric, scores([4, 6]), labels([6, 4]))).toThrow(
        '[metric] prediction and target must have the same examples: got [4, 6, 3] and [6, 4]',
      );
    }
    expect(update(meanSquaredError(), floats([2, 3], Number), floats([3, 2], Number))).toThrow(
      'must have the same examples: got [2, 3] and [3, 2]',
    );
  });

  it('weights of other examples', () => {
    expect(update(accuracy(), scores([4, 6]), labels([4, 6]), weights([6]))).toThrow(
      '[metric] weight must have the shape of the examples: got [6] for [4, 6]',
    );
    expect(update(confusionMatrix(3), scores([4]), labels([4]), weights([4, 2]))).toThrow('got [4, 2] for [4]');
  });
});
