import type { Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import { expectOneShape } from './expect-tensors.ts';

/**
 * y = (x₁ + … + xₙ)/n
 *
 * Shapes: x₁ … xₙ `[N, ...S]` → y `[N, ...S]`; axes of length 1 stretch. The mask of y is true where the masks of all inputs are.
 *
 * @throws ShapeError if the shapes differ, UsageError for fewer than two inputs.
 * @example
 * new Average().apply([a, b, c])
 */
export class Average extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Average';

  constructor(options: ModuleOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    return expectOneShape('Average', xs)
      .reduce((a, b) => a.add(b))
      .div(xs.length);
  }
}
