import type { Filled } from '../filled.ts';

/** An array with its axes in another order: `[N, H, W, C]` becomes `[N, C, H, W]` by `[0, 3, 1, 2]`. */
export function permuted({ shape, data }: Filled, order: readonly number[]): Filled {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [lengths, steps] = [order.map((axis) => shape[axis]!), order.map((axis) => strides[axis]!)];
  const to = new Float32Array(data.length);
  let at = 0;
  const copy = (axis: number, from: number): void => {
    if (axis === order.length) to[at++] = data[from]!;
    else for (let i = 0; i < lengths[axis]!; i++) copy(axis + 1, from + i * steps[axis]!);
  };
  copy(0, 0);
  return { shape: lengths, data: to };
}

/** A kernel `[3, 3, C, F]` turned by half a circle. */
export function flipped({ shape, data }: Filled): Filled {
  const [rows, columns] = shape as [number, number];
  const inner = data.length / (rows * columns);
  const to = new Float32Array(data.length);
  for (let i = 0; i < rows * columns; i++) to.set(data.subarray(i * inner, (i + 1) * inner), data.length - (i + 1) * inner);
  return { shape, data: to };
}
