import { type Filled, filler, indices } from '../filled.ts';

/** The training step of the examples' network on 32 images of 32 × 32 × 3, with Adam: the same first weights for all. */
export interface Cnn {
  readonly images: Filled;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Kernels `[3, 3, 3, 32]`, `[7200, 64]`, `[64, 10]`, each followed by its bias. */
  readonly parameters: readonly Filled[];
}

export const batch = 32;

export function makeCnn(): Cnn {
  const fill = filler();
  return {
    images: fill([batch, 32, 32, 3], 1),
    labels: indices(batch, 10),
    parameters: [fill([3, 3, 3, 32], 0.1), fill([32], 0), fill([7200, 64], 0.02), fill([64], 0), fill([64, 10], 0.1), fill([10], 0)],
  };
}
