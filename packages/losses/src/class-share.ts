import type { DType } from '@tessera/core';
import { mod, take, type Tensor, where } from '@tessera/tensor';

/** Options of losses over class indices. */
export interface ClassIndexOptions {
  /** A weight for each class, `[classes]`. With class indices the mean is over the weights of the targets. */
  readonly weight?: Tensor | undefined;
  /** Class indices of this value count for nothing (default −100). */
  readonly ignoreIndex?: number;
}

/**
 * How much each target adds to the denominator of the mean: 1 or its class's weight, 0 for `ignoreIndex`, and NaN for what is no class.
 * A one-hot row of such a label has only zeros, so its loss would be that of a perfect prediction.
 */
export function classShare(indices: Tensor, classes: number, dtype: DType, { weight, ignoreIndex = -100 }: ClassIndexOptions): Tensor {
  const known = where(isClass(indices, classes), weight ? take(weight, indices) : 1, NaN);
  return where(indices.equal(ignoreIndex), 0, known).astype(dtype);
}

/** Where indices are from 0 to classes − 1. */
export function isClass(indices: Tensor, classes: number): Tensor {
  return mod(indices, classes).equal(indices);
}
