import type { Work } from '../contest.ts';
import { peak } from './peak.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';

/** A product of `[m, k]` and `[k, n]`, done `times` times in a step. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly times: number;
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
}

const shapes = [
  [128, 128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [32, 1152, 64],
  [4096, 27, 32],
] as const;

const filled = (length: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7 + seed));

/** Products of float32 matrices, against a loop that only multiplies and adds in registers: the machine's 128-bit peak. */
export const matmuls: readonly Work[] = shapes.map(([m, k, n]) => {
  // About 200 million operations in a step, so that a step takes milliseconds.
  const times = Math.max(1, Math.round(2e8 / (2 * m * k * n)));
  const product: Product = { m, k, n, times, a: filled(m * k, 1), b: filled(k * n, 2) };
  const flops = 2 * m * k * n * times;
  return {
    name: `matmul ${m}×${k}×${n}, ${times} times`,
    contestants: { 'tessera wasm': () => tessera(product), 'tfjs wasm': () => tfjs(product), peak: () => peak(flops) },
    checkedRound: 0,
    tolerance: 1e-3,
    flops,
  };
});
