/** A float32 array with its shape. */
export interface Filled {
  readonly shape: number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Numbers within ±limit, the same at every run: each call of what this gives goes on in the sequence. */
export function filler(): (shape: number[], limit: number) => Filled {
  let state = 12345;
  const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  return (shape, limit) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (random() * 2 - 1) * limit),
  });
}

/** Whole numbers from 0 below `below`. */
export function indices(length: number, below: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length }, (_, i) => ((i * 7919) % 104_729) % below);
}
