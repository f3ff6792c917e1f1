import { type Filled, filler, indices } from '../filled.ts';

/** A training step of the examples' network with Adam: the same first weights for all. */
export interface Cnn {
  readonly images: Filled;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Kernels `[3, 3, channels, 32]`, `[features, 64]`, `[64, 10]`, each followed by its bias. */
  readonly parameters: readonly Filled[];
}

export const batch = 32;

/** The side of an image once it is convolved and pooled. */
export const pooled = (size: number): number => (size - 2) / 2;

/** The step on 32 images `[size, size, channels]`; those of CIFAR-10 by default. */
export function makeCnn(size = 32, channels = 3): Cnn {
  const fill = filler();
  const features = pooled(size) ** 2 * 32;
  return {
    images: fill([batch, size, size, channels], 1),
    labels: indices(batch, 10),
    parameters: [
      fill([3, 3, channels, 32], 0.1),
      fill([32], 0),
      fill([features, 64], 0.02),
      fill([64], 0),
      fill([64, 10], 0.1),
      fill([10], 0),
    ],
  };
}
