/**
 * Metrics for Tessera.
 *
 * @module @tessera/metrics
 */

export { accuracy, topKAccuracy } from './accuracy.ts';
export { classificationReport } from './classification-report.ts';
export { type ConfusionOptions, confusionMatrix, type ConfusionState } from './confusion-matrix.ts';
export { type HostArray, hostMetric, type HostMetric, type Kept } from './host-metric.ts';
export { meanOf, type MeanState } from './mean.ts';
export type { Metric } from './metric.ts';
export { type Average, type ClassMetric, f1, precision, type PrecisionRecallOptions, recall } from './precision-recall.ts';
export { meanAbsoluteError, meanSquaredError } from './regression.ts';
export { rocAuc, type RocAucOptions } from './roc-auc.ts';
export type { Scored } from './scored.ts';
