import { formatShape, sameShape, ShapeError } from '@tessera/core';
import { expandDims, squeeze, take, takeAlongAxis, type Tensor, where } from '@tessera/tensor';
import { type ClassIndexOptions, classShare, isClass } from './class-share.ts';
import type { Loss, LossOptions } from './loss.ts';
import { reduced } from './reduction.ts';

/** Options of {@link negativeLogLikelihood}. */
export interface NegativeLogLikelihoodOptions extends LossOptions, ClassIndexOptions {}

/**
 * −w_t·ln p_t, from log-probabilities.
 *
 * Shapes: prediction `[..., classes]`, target class indices `[...]`. A class index that is neither a class nor `ignoreIndex` makes the
 * loss NaN.
 */
export function negativeLogLikelihood({ weight, ignoreIndex = -100, reduction = 'mean' }: NegativeLogLikelihoodOptions = {}): Loss {
  return reduced(reduction, (prediction, target) => {
    const shape = prediction.shape.slice(0, -1);
    const classes = prediction.shape.at(-1)!;
    if (!sameShape(target.shape, shape)) {
      throw new ShapeError(`[negativeLogLikelihood] target must be class indices ${formatShape(shape)}: got ${formatShape(target.shape)}`);
    }
    const targets = target.astype('int32');
    const share = (): Tensor => classShare(targets, classes, prediction.dtype, { weight, ignoreIndex });
    const each = (): Tensor => {
      const indices = where(isClass(targets, classes), targets, 0);
      const picked = squeeze(takeAlongAxis(prediction, expandDims(indices, -1), -1), -1).neg();
      return where(targets.equal(ignoreIndex), 0, weight ? picked.mul(take(weight, indices)) : picked);
    };
    return { shape, each, share };
  });
}
