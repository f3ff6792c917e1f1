import * as composites from '@tessera/core/composites';
import { logitsOf, run, type Tensor } from '@tessera/tensor';
import type { Loss, LossOptions } from './loss.ts';
import { expectSameShape, reduced } from './reduction.ts';

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities (default `false`). */
  readonly fromLogits?: boolean;
  /** ε: the target becomes (1 − ε)·target + ε/2 (default 0). */
  readonly labelSmoothing?: number;
  /** Factors of the elements' losses, of a shape that broadcasts. */
  readonly weight?: Tensor;
  /** Factors of the losses of positive targets, of a shape that broadcasts: above 1 for recall, below for precision. */
  readonly positiveWeight?: Tensor;
}

/**
 * −t·ln p − (1 − t)·ln(1 − p), element by element.
 *
 * Shapes: prediction and target alike. Probabilities that come from `sigmoid` are taken back to their logits; of
 * others the logarithms are kept above −100, as PyTorch does.
 */
export function binaryCrossEntropy({
  fromLogits = false,
  labelSmoothing = 0,
  weight,
  positiveWeight,
  reduction = 'mean',
}: BinaryCrossEntropyOptions = {}): Loss {
  const lossesOf = (prediction: Tensor, target: Tensor): Tensor => {
    const t = target
      .astype(prediction.dtype)
      .mul(1 - labelSmoothing)
      .add(labelSmoothing / 2);
    const origin = fromLogits ? undefined : logitsOf(prediction);
    const logits = fromLogits ? prediction : origin?.op === 'sigmoid' ? origin.logits : undefined;
    const each = logits ? fromLogit(logits, t, positiveWeight) : fromProbability(prediction, t, positiveWeight);
    return weight ? each.mul(weight) : each;
  };
  return reduced(reduction, (prediction, target) => {
    expectSameShape('binaryCrossEntropy', prediction, target);
    return { shape: prediction.shape, each: () => lossesOf(prediction, target) };
  });
}

function fromLogit(z: Tensor, t: Tensor, positiveWeight: Tensor | undefined): Tensor {
  if (!positiveWeight) return run(composites.sigmoidCrossEntropy, [z, t], {})[0]!;
  // (1 − t)·z + (1 + (w − 1)·t)·ln(1 + e⁻ᶻ)
  const factor = t.mul(positiveWeight.sub(1)).add(1);
  return t
    .neg()
    .add(1)
    .mul(z)
    .add(run(composites.softplus, [z.neg()], {})[0]!.mul(factor));
}

function fromProbability(p: Tensor, t: Tensor, positiveWeight: Tensor | undefined): Tensor {
  const positive = t.mul(p.log().maximum(-100));
  const negative = t.neg().add(1).mul(p.neg().add(1).log().maximum(-100));
  return (positiveWeight ? positive.mul(positiveWeight) : positive).add(negative).neg();
}
