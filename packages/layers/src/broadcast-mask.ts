import type { Tensor } from '@tessera/tensor';

/** A mask `[N, T]` that broadcasts against x `[N, T, ...]`: with axes of length 1 behind. */
export function broadcastMask(mask: Tensor, x: Tensor): Tensor {
  return mask.reshape([...mask.shape, ...new Array<number>(x.rank - 2).fill(1)]);
}
