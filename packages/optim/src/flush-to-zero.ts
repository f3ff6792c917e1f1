import { type Tensor, where } from '@tessera/tensor';

/**
 * x, or 0 where |x| < least.
 *
 * A mean that decays by 0.9 at each step without a gradient, as that of a unit that is dead, comes to subnormal numbers after some
 * hundred steps and stays there, since the smallest of them rounds to itself. Processors take a hundred times as long over those.
 */
export function flushToZero(x: Tensor, least: number): Tensor {
  return where(x.abs().less(least), 0, x);
}

/** Of means of gradients: their product with a small learning rate is not subnormal either. */
export const LEAST_MEAN = 1e-30;
/** Of means of squares: as small as it can be, because they are divided by. */
export const LEAST_SQUARE = 1e-36;
