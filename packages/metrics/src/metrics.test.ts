import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { accuracy } from './accuracy.ts';
import { classificationReport } from './classification-report.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import type { Metric } from './metric.ts';
import { meanAbsoluteError, meanSquaredError } from './regression.ts';
import { type Average, f1, precision, recall } from './precision-recall.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const CLASSES = 3;
const labels = (values: number[]): Tensor => tensor(Int32Array.from(values), { shape: [values.length] });
/** Scores that name the classes given. */
const scores = (values: number[]): Tensor =>
  tensor(
    values.flatMap((value) => Array.from({ length: CLASSES }, (_, i) => Number(i === value))),
    { shape: [values.length, CLASSES] },
  );
const valueOf = async (metric: unknown, predicted: number[], actual: number[], weight?: Tensor): Promise<unknown> => {
  const { init, update, compute } = metric as Metric;
  return compute(update(init(), scores(predicted), labels(actual), weight)).array();
};
const examples = fc.array(fc.tuple(fc.nat(CLASSES - 1), fc.nat(CLASSES - 1)), { minLength: 1, maxLength: 40 });

/** Precision, recall and F1 of each class, by counting. */
function counted(pairs: [predicted: number, actual: number][]): Record<'precision' | 'recall' | 'f1', number[]> & { support: number[] } {
  const count = (f: (p: number, a: number) => boolean): number => pairs.filter(([p, a]) => f(p, a)).length;
  const share = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  const each = Array.from({ length: CLASSES }, (_, c) => {
    const [hits, predicted, actual] = [count((p, a) => p === c && a === c), count((p) => p === c), count((_, a) => a === c)];
    return { precision: share(hits, predicted), recall: share(hits, actual), f1: share(2 * hits, predicted + actual), support: actual };
  });
  return {
    precision: each.map((row) => row.precision),
    recall: each.map((row) => row.recall),
    f1: each.map((row) => row.f1),
    support: each.map(({ support }) => support),
  };
}

describe('metrics equal what counting gives', () => {
  test.prop([examples])('confusion matrix and accuracy', async (pairs) => {
    const [predicted, actual] = [pairs.map(([p]) => p), pairs.map(([, a]) => a)];
    const expected = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
    for (const [p, a] of pairs) expected[a]![p]!++;
    expect(await valueOf(confusionMatrix(CLASSES), predicted, actual)).toEqual(expected);
    expect(await valueOf(accuracy(), predicted, actual)).toBeCloseTo(pairs.filter(([p, a]) => p === a).length / pairs.length, 6);
  });

  for (const [name, metric] of Object.entries({ precision, recall, f1 })) {
    test.prop([examples])(`${name} with every average`, async (pairs) => {
      const [predicted, actual] = [pairs.map(([p]) => p), pairs.map(([, a]) => a)];
      const value = (average: Average): Promise<unknown> => valueOf(metric(CLASSES, { average }), predicted, actual);
      const { support, ...all } = counted(pairs);
      const each = all[name as keyof typeof all];
      const mean = each.reduce((a, b) => a + b) / new Set(pairs.flat()).size;
      const weighted = each.reduce((sum, x, c) => sum + x * support[c]!, 0) / pairs.length;
      const hits = pairs.filter(([p, a]) => p === a).length / pairs.length;
      ((await value('none')) as number[]).forEach((x, c) => expect(x).toBeCloseTo(each[c]!, 5));
      expect(await value('macro')).toBeCloseTo(mean, 5);
      expect(await value('weighted')).toBeCloseTo(weighted, 5);
      expect(await value('micro')).toBeCloseTo(hits, 5);
    });
  }

  test.prop([examples, examples, examples])('merging is associative and an empty part changes nothing', async (...parts) => {
    const metric = confusionMatrix(CLASSES);
    const [a, b, c] = parts.map((pairs) => metric.update(metric.init(), scores(pairs.map(([p]) => p)), labels(pairs.map(([, x]) => x))));
    const value = async (state: ReturnType<typeof metric.init>): Promise<unknown> => metric.compute(state).array();
    const expected = await value(metric.merge(metric.merge(a!, b!), c!));
    expect(await value(metric.merge(a!, metric.merge(b!, c!)))).toEqual(expected);
    expect(await value(metric.merge(metric.init(), a!))).toEqual(await value(a!));
  });
});

it('weights count examples as many times', async () => {
  const weight = tensor([2, 0, 1]);
  expect(await valueOf(accuracy(), [0, 1, 2], [0, 2, 1], weight)).toBeCloseTo(2 / 3, 6);
  expect(await valueOf(confusionMatrix(CLASSES), [0, 1, 2], [0, 2, 1], weight)).toEqual([
    [2, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
  ]);
});

it('weights of examples count for each of their numbers', async () => {
  const [prediction, target, weight] = [
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([
      [1, 4],
      [0, 4],
    ]),
    tensor([1, 3]),
  ];
  const value = async (metric: Metric<never>): Promise<unknown> =>
    (metric as Metric).compute((metric as Metric).update(metric.init(), prediction, target, weight)).item();
  expect(await value(meanSquaredError() as never)).toBeCloseTo((4 + 3 * 9) / 8, 6);
  expect(await value(meanAbsoluteError() as never)).toBeCloseTo((2 + 3 * 3) / 8, 6);
  expect(() => meanSquaredError().update(meanSquaredError().init(), prediction, target, tensor([1, 2, 3]))).toThrow(
    '[metric] weight must have the shape of the examples: got [3] for [2, 2]',
  );
});

it('one score for two classes is cut at the threshold', async () => {
  const metric = accuracy({ threshold: 0.7 });
  const state = metric.update(metric.init(), tensor([[0.6], [0.8], [0.9]]), labels([0, 1, 0]));
  expect(await metric.compute(state).item()).toBeCloseTo(2 / 3, 6);
});

it('prediction and target of different lengths are refused', () => {
  const metric = accuracy();
  expect(() => metric.update(metric.init(), scores([0, 1]), labels([0]))).toThrow(
    '[metric] prediction and target must have the same examples: got [2, 3] and [1]',
  );
});

it('the macro average leaves out classes that are neither predicted nor actual', async () => {
  // Of five classes the examples know 0, 1 and 2.
  const [predicted, actual] = [
    [0, 1, 1, 2],
    [0, 1, 2, 1],
  ];
  const scoresOf5 = tensor(
    predicted.flatMap((value) => Array.from({ length: 5 }, (_, i) => Number(i === value))),
    { shape: [4, 5] },
  );
  const metric = f1(5);
  const state = metric.update(metric.init(), scoresOf5, labels(actual));
  expect(await metric.compute(state).item()).toBeCloseTo((1 + 0.5 + 0) / 3, 6);
  expect(await metric.compute(metric.init()).item()).toBe(0);
  const matrix = (await confusionMatrix(5).compute(state).array()) as number[][];
  expect(classificationReport(matrix)).toMatch(/macro avg {6}0\.500 {6}0\.500 {6}0\.500 /);
});

it('a predicted class beyond the matrix is refused, an actual one counts for nothing', async () => {
  const metric = confusionMatrix(2);
  expect(() => metric.update(metric.init(), scores([2, 0]), labels([0, 0]))).toThrow(
    '[metric] a metric of 2 classes must have predictions of as many: got [2, 3]. Give it as many classes as the model has.',
  );
  expect(() => confusionMatrix(1).update(confusionMatrix(1).init(), tensor([0.2, 0.7]), labels([0, 0]))).toThrow('got [2]');
  const state = metric.update(metric.init(), tensor([0.2, 0.7, 0.9, 0.1]), labels([0, 2, -1, -100]));
  expect(await metric.compute(state).array()).toEqual([
    [1, 0],
    [0, 0],
  ]);
});

it('a report has a row for each class and the averages', () => {
  const report = classificationReport([
    [3, 1],
    [0, 4],
  ]);
  expect(report).toMatchInlineSnapshot(`
    "              precision     recall         f1  support
               0      1.000      0.750      0.857        4
               1      0.800      1.000      0.889        4

       macro avg      0.900      0.875      0.873        8
    weighted avg      0.900      0.875      0.873        8"
  `);
});
