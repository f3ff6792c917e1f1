import { startBackend } from '../backend.ts';
import type { Contestant, Contestants, Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import type { CountedKernel, Kernel } from './kernel.ts';
import { product } from './product.ts';
import { tessera } from './tessera.ts';
import { counted } from './work.ts';

/** A product of squares one of which is stored by columns, beside the same product of what is stored by rows. */
function transposed(which: 'a' | 'b', n: number): Work {
  const fill = filler();
  const inputs = (): readonly Filled[] => [fill([n, n], 1), fill([n, n], 1)];
  const plain: Kernel = { name: `matmul ${n}`, inputs, tessera: (a, b) => a.matmul(b) };
  // Another product: its number is not compared.
  const neither = async (times: number): Promise<Contestant> => {
    const { check: _, ...contestant } = tessera(plain, inputs(), times, await startBackend());
    return contestant;
  };
  const others = (times: number): Contestants => [['tessera wasm, neither transposed', () => neither(times)]];
  const kernel: CountedKernel = {
    flops: 2 * n ** 3,
    name: `matmul ${n} transposed ${which}`,
    inputs,
    tessera: (a, b) => (which === 'a' ? a.transpose().matmul(b) : a.matmul(b.transpose())),
    tfjs: (tf, a, b) => tf.matMul(a, b, which === 'a', which === 'b'),
  };
  return counted(kernel, others);
}

/** Products of float32 matrices. */
export const products: readonly Work[] = [
  ...[128, 256, 512, 1024].map((n) => counted(product(`matmul ${n}`, [n, n, n]))),
  counted(product('matmul 32x1152x64', [32, 1152, 64])),
  counted(product('matmul 4096x27x32', [4096, 27, 32])),
  ...[256, 512].flatMap((n) => [transposed('a', n), transposed('b', n)]),
];
