import { wasm, type WasmBackend } from '@tessera/backend-wasm';
import { OutOfMemoryError } from '@tessera/core';
import { valueAndGrad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { scaledDotProductAttention, conv, logSoftmax, maxPool, setDefaultBackend, type Tensor, tensor, Variable } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';

const GIB = 2 ** 30;

const filled = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    { shape },
  );

/** Two steps of a network of many kernels, and what they leave. */
async function train(backend: WasmBackend): Promise<unknown> {
  setDefaultBackend(backend);
  const parameters = [filled([3, 3, 4, 16], 1), filled([576, 8], 2), filled([8, 8], 3)].map((value) => new Variable(value));
  const x = filled([4, 12, 12, 4], 4);
  const step = capture(() => {
    const [loss, gradients] = valueAndGrad(([k, w, u]: Tensor[]) => {
      const h = maxPool(conv(x, k!, { padding: 'same' }).relu(), 2)
        .reshape([4, 576])
        .matmul(w!);
      const q = h.matmul(u!).reshape([1, 4, 8]);
      return logSoftmax(scaledDotProductAttention(q, q, q).reshape([4, 8]))
        .at([0, 4])
        .mean()
        .neg();
    })(parameters);
    (gradients as Tensor[]).forEach((gradient, i) => parameters[i]!.assign(parameters[i]!.read().sub(gradient.mul(0.1))));
    return loss;
  });
  const losses = [await step().item(), await step().item()];
  return [losses, ...(await Promise.all(parameters.map((p) => p.read().array())))];
}

describe('tensors anywhere in 4 GiB', () => {
  for (const threads of [1, 2]) {
    it(`give the same bits above 2 GiB (threads: ${threads})`, async () => {
      const low = await train(await wasm({ threads, sharesFrom: 0 }));
      const backend = await wasm({ threads, sharesFrom: 0 });
      const filler = [backend.allocate(1.5 * GIB), backend.allocate(1.5 * GIB)];
      expect(await train(backend)).toEqual(low);
      expect(backend.memory().reservedBytes).toBeGreaterThan(3 * GIB);
      for (const buffer of filler) backend.free(buffer);
      backend.dispose();
    });
  }

  it('and no further: what was asked for and the limit are named, and all goes on', async () => {
    const backend = await wasm();
    const buffers = [GIB, GIB, GIB, 0.9 * GIB].map((bytes) => backend.allocate(bytes));
    expect(() => backend.allocate(GIB)).toThrow(OutOfMemoryError);
    expect(() => backend.allocate(GIB)).toThrow(/1073741824 bytes more must fit 4294967296 bytes/);
    backend.free(buffers[1]!);
    backend.free(backend.allocate(GIB));
    for (const i of [0, 2, 3]) backend.free(buffers[i]!);
    expect(await train(backend)).toEqual(await train(await wasm()));
    backend.dispose();
  });
});
