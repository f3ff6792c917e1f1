import { formatShape, ShapeError } from '@tessera/core';
import { type Tensor, zeros } from '@tessera/tensor';
import type { Metric } from './metric.ts';

/** A weighted sum and the weights' sum: float32 scalars. */
export interface MeanState {
  readonly total: Tensor;
  readonly count: Tensor;
}

/** A metric that is the weighted mean of one number per example, or of several; each has its example's weight. */
export function meanOf(name: string, each: (prediction: Tensor, target: Tensor) => Tensor): Metric<MeanState> {
  return {
    name,
    init: () => ({ total: zeros([]), count: zeros([]) }),
    update(state, prediction, target, weight) {
      const values = each(prediction, target);
      const weights = weight ? aligned(weight, values) : values.mul(0).add(1);
      return { total: state.total.add(values.mul(weights).sum()), count: state.count.add(weights.sum()) };
    },
    compute: ({ total, count }) => total.div(count),
    merge: (a, b) => ({ total: a.total.add(b.total), count: a.count.add(b.count) }),
  };
}

/** Weights of examples spread over the axes that the values have beyond them. */
function aligned(weight: Tensor, values: Tensor): Tensor {
  if (weight.rank > values.rank || weight.shape.some((length, axis) => length !== values.shape[axis])) {
    throw new ShapeError(
      `[metric] weight must have the shape of the examples: got ${formatShape(weight.shape)} for ${formatShape(values.shape)}`,
    );
  }
  return weight.reshape([...weight.shape, ...values.shape.slice(weight.rank).map(() => 1)]).broadcastTo(values.shape);
}
