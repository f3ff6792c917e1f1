import type { Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import { expectOneShape } from './expect-tensors.ts';

/**
 * y = x₁ − x₂
 *
 * Shapes: x₁ and x₂ `[N, ...S]` → y `[N, ...S]`; axes of length 1 stretch. The mask of y is true where the masks of both inputs are.
 *
 * @throws ShapeError if the shapes differ, UsageError for other than two inputs.
 * @example
 * new Subtract().apply([a, b])
 */
export class Subtract extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Subtract';

  constructor(options: ModuleOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    const [a, b] = expectOneShape('Subtract', xs, 2) as [Tensor, Tensor];
    return a.sub(b);
  }
}
