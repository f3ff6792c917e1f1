import { filler } from '../filled.ts';
import type { CountedKernel } from './kernel.ts';

/** A product of float32 matrices `[m, k]` and `[k, n]`. */
export function product(name: string, [m, k, n]: readonly [m: number, k: number, n: number]): CountedKernel {
  const fill = filler();
  return {
    name,
    flops: 2 * m * k * n,
    inputs: () => [fill([m, k], 1), fill([k, n], 1)],
    tessera: (a, b) => a.matmul(b),
    tfjs: (tf, a, b) => tf.matMul(a, b),
    jax: ({ numpy }, a, b) => numpy.matmul(a, b),
    onnx: { op: 'MatMul', y: [m, n] },
  };
}
