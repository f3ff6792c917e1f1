import type { Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import { expectOneShape } from './expect-tensors.ts';

/**
 * y = x₁ + … + xₙ: a residual connection, with the input of a block and its output.
 *
 * Shapes: x₁ … xₙ `[N, ...S]` → y `[N, ...S]`; axes of length 1 stretch. The mask of y is true where the masks of all inputs are.
 *
 * @throws ShapeError if the shapes differ, UsageError for fewer than two inputs.
 * @see He et al. 2015, "Deep Residual Learning for Image Recognition", eq. 1. https://arxiv.org/abs/1512.03385
 * @example
 * new Add().apply([block.apply(x), x])
 */
export class Add extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Add';

  constructor(options: ModuleOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    return expectOneShape('Add', xs).reduce((a, b) => a.add(b));
  }
}
