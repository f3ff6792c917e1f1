/** The training step that every implementation runs: the network of the examples on 32 images of 32 × 32 × 3, with Adam. */
export interface Step {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly parameters: { readonly shape: number[]; readonly data: Float32Array<ArrayBuffer> }[];
}

export const batch = 32;

/** The same images, labels and first weights for all: kernels `[3, 3, 3, 32]`, `[7200, 64]`, `[64, 10]` and their biases. */
export function makeStep(): Step {
  let state = 12345;
  const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const fill = (shape: number[], limit: number): { shape: number[]; data: Float32Array<ArrayBuffer> } => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (random() * 2 - 1) * limit),
  });
  return {
    images: fill([batch, 32, 32, 3], 1).data,
    labels: Int32Array.from({ length: batch }, () => Math.floor(random() * 10)),
    parameters: [fill([3, 3, 3, 32], 0.1), fill([32], 0), fill([7200, 64], 0.02), fill([64], 0), fill([64, 10], 0.1), fill([10], 0)],
  };
}
