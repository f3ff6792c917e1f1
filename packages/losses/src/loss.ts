import { full, type Tensor } from '@tessera/tensor';

/** How the losses of the elements become one: their mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options that every loss takes. */
export interface LossOptions {
  /** Default `'mean'`. */
  readonly reduction?: Reduction;
}

/** Options of one call of a loss. */
export interface LossCallOptions {
  /** A weight for each example, of the shape of the unreduced loss (or one that broadcasts to it). */
  readonly sampleWeight?: Tensor | undefined;
  /**
   * Which elements are real: bool, of the first axes of the unreduced loss, such as `[N]` or `[N, T]`. Where it is false the loss is 0
   * and the mean does not count it. Default: the mask of the prediction (`maskOf`) where it has those axes.
   */
  readonly mask?: Tensor | undefined;
}

/**
 * An objective: how far a prediction is from its target. Any function of prediction and target is one.
 *
 * @example
 * const hinge: Loss = (prediction, target) => prediction.mul(target).neg().add(1).relu().mean()
 */
export interface Loss {
  (prediction: Tensor, target: Tensor, options?: LossCallOptions): Tensor;
  /** The denominator of the loss's mean: see {@link lossWeight}. A loss without this counts examples. */
  readonly weightOf?: (prediction: Tensor, target: Tensor, options?: LossCallOptions) => Tensor;
}

/**
 * How much the loss of a batch counts beside those of other batches: the denominator of its mean, a float scalar.
 *
 * With a sum over batches b, Σ loss_b · weight_b / Σ weight_b is the loss over all of them, however the examples are cut into batches.
 * The weight is the number of elements that are averaged; with masks, of the real ones; of class indices, those that are not
 * `ignoreIndex`, or their class weights. Sample weights do not count: the mean divides by the number of elements. The weight is 0 where
 * nothing counts (the loss is 0 then), 1 where the loss is no mean, and the batch size for a plain function.
 *
 * @example
 * const weight = lossWeight(crossEntropy({ ignoreIndex: 0 }), prediction, target) // how many targets are not 0
 */
export function lossWeight(loss: Loss, prediction: Tensor, target: Tensor, options: LossCallOptions = {}): Tensor {
  return loss.weightOf?.(prediction, target, options) ?? full([], prediction.shape[0] ?? 1, { backend: prediction.backend });
}
