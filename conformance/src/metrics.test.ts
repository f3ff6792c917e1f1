import * as metrics from '@tessera/metrics';
import { checkMetric, type MetricSample } from '@tessera/testkit';
import { describe, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

const scores = (data: number[], classes: number): MetricSample['batches'][0]['prediction'] => ({
  shape: [data.length / classes, classes],
  dtype: 'float32',
  data,
});
const labels = (data: number[]): MetricSample['batches'][0]['target'] => ({ shape: [data.length], dtype: 'int32', data });
const scalar = (value: number): MetricSample['expected'] => ({ shape: [], dtype: 'float32', data: [value] });

// Predicted 0, 1 | 2, 2, 1 for 0, 1 | 2, 1, 0: three of five.
const classes: MetricSample['batches'] = [
  { prediction: scores([0.8, 0.1, 0.1, 0.2, 0.7, 0.1], 3), target: labels([0, 1]) },
  { prediction: scores([0.1, 0.2, 0.7, 0.25, 0.35, 0.4, 0.2, 0.5, 0.3], 3), target: labels([2, 1, 0]) },
];
const numbers: MetricSample['batches'] = [
  { prediction: scores([1, 2], 1), target: scores([2, 2], 1) },
  { prediction: scores([3, -1, 0], 1), target: scores([1, -1, 3], 1) },
];

const cases: readonly [metrics.Metric<never>, MetricSample][] = [
  [metrics.accuracy(), { batches: classes, expected: scalar(0.6) }],
  [metrics.topKAccuracy(2), { batches: classes, expected: scalar(0.8) }],
  [metrics.precision(3), { batches: classes }],
  [metrics.recall(3), { batches: classes }],
  [metrics.f1(3), { batches: classes }],
  [metrics.confusionMatrix(3), { batches: classes }],
  [metrics.meanSquaredError(), { batches: numbers, expected: scalar(14 / 5) }],
  [metrics.meanAbsoluteError(), { batches: numbers, expected: scalar(6 / 5) }],
] as unknown as [metrics.Metric<never>, MetricSample][];

for (const [where, backend] of await everyBackend()) {
  describe(`metrics on ${where}`, () => {
    for (const [metric, sample] of cases) it(metric.name, () => checkMetric(metric, [sample], backend));
  });
}
