import { type Tensor, where } from '@tessera/tensor';
import type { Loss, LossOptions } from './loss.ts';
import { expectSameShape, reduced } from './reduction.ts';

/** A loss of each number by itself. */
function elementwise(name: string, { reduction = 'mean' }: LossOptions, each: (prediction: Tensor, target: Tensor) => Tensor): Loss {
  return reduced(reduction, (prediction, target) => {
    expectSameShape(name, prediction, target);
    return { shape: prediction.shape, each: () => each(prediction, target) };
  });
}

/** (ŷ − y)², element by element. Shapes: prediction and target alike. */
export function meanSquaredError(options: LossOptions = {}): Loss {
  return elementwise('meanSquaredError', options, (prediction, target) => prediction.sub(target).square());
}

/** |ŷ − y|, element by element. Shapes: prediction and target alike. */
export function meanAbsoluteError(options: LossOptions = {}): Loss {
  return elementwise('meanAbsoluteError', options, (prediction, target) => prediction.sub(target).abs());
}

/** Options of {@link huber}. */
export interface HuberOptions extends LossOptions {
  /** Where the loss turns from square to linear (default 1). */
  readonly delta?: number;
}

/** ½e² for |e| ≤ δ, else δ(|e| − ½δ), with e = ŷ − y. Shapes: prediction and target alike. */
export function huber({ delta = 1, ...options }: HuberOptions = {}): Loss {
  return elementwise('huber', options, (prediction, target) => {
    const e = prediction.sub(target).abs();
    return where(e.greater(delta), e.sub(delta / 2).mul(delta), e.square().mul(0.5));
  });
}
