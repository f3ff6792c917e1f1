import type { Contestant, Contestants, Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import { tessera } from './tessera.ts';
import { counted, type Kernel } from './work.ts';

function product(name: string, [m, k, n]: readonly [m: number, k: number, n: number]): Work {
  const fill = filler();
  return counted(
    {
      name,
      inputs: () => [fill([m, k], 1), fill([k, n], 1)],
      tessera: (a, b) => a.matmul(b),
      tfjs: (tf, a, b) => tf.matMul(a, b),
      jax: ({ numpy }, a, b) => numpy.matmul(a, b),
      onnx: { op: 'MatMul', y: [m, n] },
    },
    2 * m * k * n,
  );
}

/** A product of squares one of which is stored by columns, beside the same product of what is stored by rows. */
function transposed(which: 'a' | 'b', n: number): Work {
  const fill = filler();
  const inputs = (): readonly Filled[] => [fill([n, n], 1), fill([n, n], 1)];
  const plain: Kernel = { name: `matmul ${n}`, inputs, tessera: (a, b) => a.matmul(b) };
  // Another product: its number is not compared.
  const neither = async (times: number): Promise<Contestant> => {
    const { check: _, ...contestant } = await tessera(plain, inputs(), times, 1);
    return contestant;
  };
  const others = (times: number): Contestants => [['tessera wasm, neither transposed', () => neither(times)]];
  const kernel: Kernel = {
    name: `matmul ${n} transposed ${which}`,
    inputs,
    tessera: (a, b) => (which === 'a' ? a.transpose().matmul(b) : a.matmul(b.transpose())),
    tfjs: (tf, a, b) => tf.matMul(a, b, which === 'a', which === 'b'),
  };
  return counted(kernel, 2 * n ** 3, others);
}

/** Products of float32 matrices. */
export const products: readonly Work[] = [
  ...[128, 256, 512, 1024].map((n) => product(`matmul ${n}`, [n, n, n])),
  product('matmul 32x1152x64', [32, 1152, 64]),
  product('matmul 4096x27x32', [4096, 27, 32]),
  ...[256, 512].flatMap((n) => [transposed('a', n), transposed('b', n)]),
];
