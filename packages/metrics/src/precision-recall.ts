import { diagonal, type Tensor, where } from '@tessera/tensor';
import { type ConfusionOptions, confusionMatrix, type ConfusionState } from './confusion-matrix.ts';
import type { Metric } from './metric.ts';

/**
 * How the classes' values become one, as in scikit-learn: `'binary'` takes the second of two classes, `'macro'` the
 * plain mean over the classes that are predicted or actual, `'weighted'` the mean by the classes' examples, `'micro'` counts all classes
 * together, `'none'` keeps them.
 */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted' | 'none';

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface PrecisionRecallOptions extends ConfusionOptions {
  /** Default: `'binary'` for two classes, else `'macro'`. */
  readonly average?: Average;
}

interface Counts {
  readonly hits: Tensor;
  readonly predicted: Tensor;
  readonly actual: Tensor;
}

// 0/0 is 0: a class that was never predicted, or never there, scores nothing.
const ratio = (a: Tensor, b: Tensor): Tensor => where(b.equal(0), 0, a.div(where(b.equal(0), 1, b)));

function scoreOf(name: string, score: (counts: Counts) => Tensor) {
  return (
    classes: number,
    { average = classes === 2 ? 'binary' : 'macro', ...options }: PrecisionRecallOptions = {},
  ): Metric<ConfusionState> => ({
    ...confusionMatrix(classes, options),
    name,
    compute({ matrix }) {
      const counts = { hits: diagonal(matrix), predicted: matrix.sum(0), actual: matrix.sum(1) };
      if (average === 'micro') return score({ hits: counts.hits.sum(), predicted: counts.predicted.sum(), actual: counts.actual.sum() });
      const each = score(counts);
      if (average === 'none') return each;
      if (average === 'binary') return each.at(1);
      if (average === 'weighted') return each.mul(counts.actual).sum().div(counts.actual.sum());
      // A class of no examples scores 0, and is left out of the mean.
      const present = counts.predicted.add(counts.actual).greater(0).astype('float32');
      return ratio(each.sum(), present.sum());
    },
  });
}

/** A metric over the classes of a classifier. */
export type ClassMetric = (classes: number, options?: PrecisionRecallOptions) => Metric<ConfusionState>;

/** TP/(TP + FP): the share of what was predicted as a class that is of it. */
export const precision: ClassMetric = scoreOf('precision', ({ hits, predicted }) => ratio(hits, predicted));
/** TP/(TP + FN): the share of a class that was found. */
export const recall: ClassMetric = scoreOf('recall', ({ hits, actual }) => ratio(hits, actual));
/** 2·TP/(2·TP + FP + FN): the harmonic mean of precision and recall. */
export const f1: ClassMetric = scoreOf('f1', ({ hits, predicted, actual }) => ratio(hits.mul(2), predicted.add(actual)));
