import { isFloat } from '@tessera/core';
import { onesLike, sin, type Tensor, zeros } from '@tessera/tensor';

/** One number of tensors, by weights that make every element count, none like another, and none much more than others. */
export function weigh(outputs: readonly Tensor[]): Tensor {
  const sums = outputs
    .filter(({ dtype }) => isFloat(dtype))
    .map((y) =>
      y
        .flatten()
        .mul(sin(onesLike(y).flatten().cumsum().mul(0.7)).add(1.5))
        .sum(),
    );
  return sums.length > 0 ? sums.reduce((a, b) => a.add(b)) : zeros([]);
}
