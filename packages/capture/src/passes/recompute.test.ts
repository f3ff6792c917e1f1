import { valueAndGrad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { gelu, layerNormalization, Random, relu, setDefaultBackend, type Tensor, tensor, where } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

const backends = [
  ['cpu', cpu],
  ['wasm', wasm],
] as const;
const filled = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    { shape },
  );

const [rows, width, depth] = [64, 32, 6];
/** A network whose gradient needs what its element-wise parts made on the way. */
function network(x: Tensor, weights: readonly Tensor[]): Tensor {
  const random = new Random(7);
  const layer = (y: Tensor, w: Tensor): Tensor => {
    const normal = layerNormalization(y, { gamma: w.at(0), beta: w.at(1) });
    const dropped = where(random.uniform([rows, width]).less(0.2), 0, gelu(normal).mul(1.25));
    return y.add(relu(dropped.matmul(w)).square());
  };
  return weights.reduce(layer, x).mean();
}
const step = (memoryLimit: number) =>
  capture((x: Tensor, weights: Tensor[]) => valueAndGrad((given: Tensor[]) => network(x, given))(weights), { memoryLimit });

describe.each(backends)('a memory limit on %s', (_, make) => {
  it('is kept by computing again, and changes no bit', async () => {
    setDefaultBackend(await make());
    const inputs = [filled([rows, width]), Array.from({ length: depth }, (__, i) => filled([width, width], i).mul(0.1))] as const;
    const free = step(Infinity);
    const [loss, gradients] = free(...inputs) as [Tensor, Tensor[]];
    const { peakBytes, steps } = free.plans[0]!;
    const limit = Math.floor(peakBytes * 0.7);
    const limited = step(limit);
    const [same, gradientsAgain] = limited(...inputs) as [Tensor, Tensor[]];
    const plan = limited.plans[0]!;
    expect(plan.peakBytes).toBeLessThanOrEqual(limit);
    expect(plan.steps.length).toBeGreaterThan(steps.length);
    expect(await same.item()).toBe(await loss.item());
    for (const [i, gradient] of gradients.entries()) expect(await gradientsAgain[i]!.data()).toEqual(await gradient.data());
  });

  it('that cannot be kept is an error with the need and the limit', async () => {
    setDefaultBackend(await make());
    const limited = capture((x: Tensor) => x.matmul(x.transpose()).exp().sum(), { memoryLimit: 1000 });
    expect(() => limited(filled([32, 32]))).toThrow(
      /\[capture\] temporaries must fit the memory limit: needs \d+ bytes, the limit is 1000\. Use smaller batches, or raise memoryLimit\./,
    );
    expect(limited.plans).toHaveLength(0);
    const needed = /needs (\d+)/.exec(
      String(
        await Promise.resolve()
          .then(() => limited(filled([32, 32])))
          .catch((error: unknown) => error),
      ),
    )!;
    expect(Number(needed[1])).toBeGreaterThanOrEqual(4096);
  });
});
