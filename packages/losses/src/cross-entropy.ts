import { formatShape, isFloat, sameShape, ShapeError } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { logitsOf, oneHot, run, type Tensor, where } from '@tessera/tensor';
import { type ClassIndexOptions, classShare } from './class-share.ts';
import type { Loss, LossOptions } from './loss.ts';
import { reduced } from './reduction.ts';

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends LossOptions, ClassIndexOptions {
  /** Whether predictions are logits rather than probabilities (default `false`). */
  readonly fromLogits?: boolean;
  /** ε: the target becomes (1 − ε)·target + ε/classes (default 0). */
  readonly labelSmoothing?: number;
}

/**
 * −Σᵢ wᵢ·tᵢ·ln pᵢ over the last axis.
 *
 * Shapes: prediction `[..., classes]`; target class indices `[...]` (an integer dtype, or a float tensor of that shape)
 * or probabilities `[..., classes]`. Probabilities that come from `softmax` are taken back to their logits, so the
 * result is exact however small they are; others are kept above 1e-7. A class index that is neither a class nor `ignoreIndex`
 * makes the loss NaN.
 *
 * @throws ShapeError if prediction and target do not fit.
 * @example
 * crossEntropy({ fromLogits: true })(logits, labels)
 */
export function crossEntropy({
  fromLogits = false,
  labelSmoothing = 0,
  weight,
  ignoreIndex = -100,
  reduction = 'mean',
}: CrossEntropyOptions = {}): Loss {
  return reduced(reduction, (prediction, target) => {
    const shape = prediction.shape.slice(0, -1);
    const classes = prediction.shape.at(-1);
    if (classes === undefined) {
      throw new ShapeError(`[crossEntropy] prediction must be [..., classes]: got ${formatShape(prediction.shape)}`);
    }
    const lossesOf = (hot: Tensor): Tensor => {
      const smooth = labelSmoothing === 0 ? hot : hot.mul(1 - labelSmoothing).add(labelSmoothing / classes);
      return rowLosses(prediction, weight ? smooth.mul(weight) : smooth, fromLogits);
    };
    if (sameShape(target.shape, prediction.shape)) return { shape, each: () => lossesOf(target.astype(prediction.dtype)) };
    const indices = classIndices(prediction, target);
    const share = (): Tensor => classShare(indices, classes, prediction.dtype, { weight, ignoreIndex });
    const each = (): Tensor => where(indices.equal(ignoreIndex), 0, lossesOf(oneHot(indices, classes)));
    return { shape, each, share };
  });
}

function classIndices(prediction: Tensor, target: Tensor): Tensor {
  const rows = prediction.shape.slice(0, -1);
  // A column of indices, as data files have it, counts as indices.
  const column = sameShape(target.shape, [...rows, 1]);
  if (!column && !sameShape(target.shape, rows)) {
    throw new ShapeError(
      `[crossEntropy] target must be class indices ${formatShape(rows)} or probabilities ${formatShape(prediction.shape)}: got ${formatShape(target.shape)}`,
    );
  }
  return target.reshape(rows).astype('int32');
}

function rowLosses(prediction: Tensor, targets: Tensor, fromLogits: boolean): Tensor {
  const origin = fromLogits ? undefined : logitsOf(prediction);
  const remembered = origin?.op === 'softmax' && origin.axis === prediction.rank - 1 ? origin.logits : undefined;
  const logits = fromLogits ? prediction : remembered;
  if (logits) return run(composites.softmaxCrossEntropy, [logits, targets], {})[0]!;
  if (!isFloat(prediction.dtype)) throw new ShapeError(`[crossEntropy] prediction must be probabilities: got ${prediction.dtype}`);
  return targets.mul(prediction.maximum(1e-7).log()).sum(-1).neg();
}
