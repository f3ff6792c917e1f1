import { type Tensor, where, zeros } from '@tessera/tensor';
import { exampleMask, exampleWeights } from './example-weights.ts';
import type { Metric } from './metric.ts';

/** A weighted sum and the weights' sum: float32 scalars. */
export interface MeanState {
  readonly total: Tensor;
  readonly count: Tensor;
}

/**
 * A metric that is the weighted mean of one number per example, or of several; each has its example's weight.
 *
 * @example
 * meanOf('relativeError', (prediction, target) => prediction.sub(target).div(target).abs())
 */
export function meanOf(name: string, each: (prediction: Tensor, target: Tensor) => Tensor): Metric<MeanState> {
  return {
    name,
    init: () => ({ total: zeros([]), count: zeros([]) }),
    update(state, prediction, target, weight) {
      const all = each(prediction, target);
      const mask = exampleMask(prediction, all.shape);
      // What is padded may be NaN, which 0 does not take away.
      const values = mask ? where(mask, all, 0) : all;
      const weights = exampleWeights(all.shape, weight, mask) ?? values.mul(0).add(1);
      return { total: state.total.add(values.mul(weights).sum()), count: state.count.add(weights.sum()) };
    },
    compute: ({ total, count }) => total.div(count),
    merge: (a, b) => ({ total: a.total.add(b.total), count: a.count.add(b.count) }),
  };
}
