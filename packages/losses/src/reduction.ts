import { formatShape, sameShape, type Shape, ShapeError, sizeOf } from '@tessera/core';
import { full, maskOf, type Tensor, where } from '@tessera/tensor';
import type { Loss, LossCallOptions, Reduction } from './loss.ts';

/** A loss before it is reduced. */
export interface Unreduced {
  readonly shape: Shape;
  /** The losses of single elements. */
  each(): Tensor;
  /** How much each element adds to the denominator of the mean (1 by default); NaN where there is no loss. */
  share?(): Tensor;
}

/**
 * A loss that weighs and reduces the losses of single elements. The mean is over the number of elements; where there are shares or a
 * mask, over the sum of the shares that are not masked.
 */
export function reduced(reduction: Reduction, unreduced: (prediction: Tensor, target: Tensor) => Unreduced): Loss {
  const loss = (prediction: Tensor, target: Tensor, options: LossCallOptions = {}): Tensor => {
    const parts = unreduced(prediction, target);
    const each = eachOf(parts, reduction);
    const real = realOf(each.shape, prediction, options);
    const { sampleWeight } = options;
    const weighed = sampleWeight ? each.mul(aligned('sampleWeight', sampleWeight, each.shape)) : each;
    const losses = real ? where(real, weighed, 0) : weighed;
    if (reduction === 'none') return losses;
    if (reduction === 'sum') return losses.sum();
    const shares = sharesOf(parts, real, each);
    if (!shares) return losses.mean();
    const total = shares.sum();
    // Where nothing counts the sum is 0, and 0/1 has a gradient of 0.
    return losses.sum().div(where(total.equal(0), 1, total));
  };
  const weightOf = (prediction: Tensor, target: Tensor, options: LossCallOptions = {}): Tensor => {
    const parts = unreduced(prediction, target);
    const mean = reduction === 'mean';
    const shares = mean ? sharesOf(parts, realOf(parts.shape, prediction, options), prediction) : undefined;
    return shares?.astype('float32').sum() ?? full([], mean ? sizeOf(parts.shape) : 1, { backend: prediction.backend });
  };
  return Object.assign(loss, { weightOf });
}

/** The losses of the elements. Where a share is NaN the mean is by its denominator; what is not divided gets it here. */
function eachOf({ each, share }: Unreduced, reduction: Reduction): Tensor {
  return share && reduction !== 'mean' ? each().add(share().mul(0)) : each();
}

/** The shares of the elements, 0 where they are not real, unless each is 1. */
function sharesOf({ shape, share }: Unreduced, real: Tensor | undefined, { dtype }: Tensor): Tensor | undefined {
  const shares = share?.();
  if (!real) return shares;
  return shares ? where(real, shares, 0) : real.astype(dtype).broadcastTo(shape);
}

/** Which elements are real, in a shape that broadcasts: by the mask that was passed, else by the prediction's where it has their axes. */
function realOf(shape: Shape, prediction: Tensor, { mask }: LossCallOptions): Tensor | undefined {
  if (mask) return aligned('mask', mask, shape).astype('bool');
  const own = maskOf(prediction);
  return own && sameShape(own.shape, shape.slice(0, own.rank)) ? aligned('mask', own, shape) : undefined;
}

/** A tensor of the first axes of the losses stretched over the axes that they have beyond it. */
function aligned(what: string, x: Tensor, shape: Shape): Tensor {
  const fits = x.shape.every((length, axis) => length === shape[axis] || length === 1);
  if (!fits || x.rank > shape.length) {
    throw new ShapeError(
      `[loss] ${what} must have the shape of the examples: got ${formatShape(x.shape)} for losses ${formatShape(shape)}`,
    );
  }
  return x.reshape([...x.shape, ...new Array<number>(shape.length - x.rank).fill(1)]);
}

/** Checks that prediction and target have one shape. */
export function expectSameShape(where: string, prediction: Tensor, target: Tensor): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new ShapeError(
    `[${where}] prediction and target must have one shape: got ${formatShape(prediction.shape)} and ${formatShape(target.shape)}`,
  );
}
