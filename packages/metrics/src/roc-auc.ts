import { ShapeError } from '@tessera/core';
import { hostMetric, type HostMetric, type Kept } from './host-metric.ts';
import { type Scored, scoredOf } from './scored.ts';

/** Options of {@link rocAuc}. */
export interface RocAucOptions {
  /**
   * How the areas of several classes become one: `'macro'` (default) is their plain mean, `'weighted'` the mean by the classes' examples,
   * `'micro'` the area of all scores together.
   */
  readonly average?: 'macro' | 'weighted' | 'micro';
}

/**
 * The area under the receiver operating characteristic: the probability that a positive example has a higher score than a negative one,
 * where equal scores count half. Exact, from the ranks of all scores.
 *
 * Shapes: labels 0 and 1 `[...]` with scores `[N]`, `[..., 1]` or of both classes `[..., 2]`; class indices `[...]` with scores
 * `[..., classes]`, each class against the rest; one-hot rows or several labels `[..., classes]` with scores of that shape.
 *
 * The value is NaN where a class has no positive or no negative example, since there is no pair to compare, and where a score is NaN.
 *
 * @throws ShapeError if scores and targets do not fit.
 * @throws DataError if the label of an example that counts is no class.
 * @see scikit-learn's `roc_auc_score`, with `multi_class='ovr'`
 */
export function rocAuc({ average = 'macro' }: RocAucOptions = {}): HostMetric<Kept<readonly Scored[]>> {
  return hostMetric(
    'rocAuc',
    (...batch) => scoredOf('rocAuc', ...batch),
    (batches) => {
      const classes = batches[0]?.length ?? 0;
      const other = batches.find(({ length }) => length !== classes);
      if (other) throw new ShapeError(`[rocAuc] all batches must have as many classes: got ${classes} and ${other.length}`);
      const ofClasses = Array.from({ length: classes }, (_, c) => batches.map((batch) => batch[c]!));
      const areas = (average === 'micro' ? [batches.flat()] : ofClasses).map(areaOf);
      const shares = areas.map(({ positive }) => (average === 'weighted' ? positive : 1));
      return sum(areas.map(({ area }, c) => area * shares[c]!)) / sum(shares);
    },
  );
}

/**
 * The share of pairs of a positive and a negative example that their scores put in order, each pair by the product of its weights, and the
 * weight of all positive ones.
 */
function areaOf(parts: readonly Scored[]): { area: number; positive: number } {
  const sorted = joined(parts.map(({ scores }) => scores)).sort();
  // The weights of the examples of each score, at the score's first place in the order.
  const [positives, negatives] = [new Float64Array(sorted.length), new Float64Array(sorted.length)];
  for (const { scores, positive, weights } of parts) {
    for (let i = 0; i < scores.length; i++) {
      const place = firstPlace(sorted, scores[i]!);
      if (positive[i]) positives[place]! += weights[i]!;
      else negatives[place]! += weights[i]!;
    }
  }
  let [ordered, positive, negative] = [0, 0, 0];
  for (let i = 0; i < sorted.length; i++) {
    ordered += positives[i]! * (negative + negatives[i]! / 2);
    positive += positives[i]!;
    negative += negatives[i]!;
  }
  // NaN comes last in the order.
  return { area: Number.isNaN(sorted.at(-1)) ? NaN : ordered / (positive * negative), positive };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(sum(parts.map(({ length }) => length)));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Where a number first stands among numbers in order. */
function firstPlace(sorted: Float64Array, x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
