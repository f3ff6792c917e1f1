import type { Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import { expectOneShape } from './expect-tensors.ts';

/**
 * y = min(x₁, …, xₙ), element by element; NaN where one of them is.
 *
 * Shapes: x₁ … xₙ `[N, ...S]` → y `[N, ...S]`; axes of length 1 stretch. The mask of y is true where the masks of all inputs are.
 *
 * @throws ShapeError if the shapes differ, UsageError for fewer than two inputs.
 * @example
 * new Minimum().apply([a, b])
 */
export class Minimum extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Minimum';

  constructor(options: ModuleOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    return expectOneShape('Minimum', xs).reduce((a, b) => a.minimum(b));
  }
}
