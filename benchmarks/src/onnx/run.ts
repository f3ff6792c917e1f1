import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { loadOnnx } from '#peers';
import { type Model, modelBytes } from './model.ts';

/** Runs a model so often in a step. Its input is copied in and its output out at each, as `run` does it. */
export async function runOnnx(model: Model, { data, shape }: Filled, times = 1): Promise<Contestant> {
  const ort = await loadOnnx();
  const session = await ort.InferenceSession.create(modelBytes(model), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  // It leaves Node's threads where browsers have theirs; jax-js would try to start workers as those do.
  delete (globalThis as { Worker?: unknown }).Worker;
  const x = new ort.Tensor('float32', data, shape);
  const repeat = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await session.run({ x });
  };
  return {
    step: () => repeat(times),
    ...(times > 1 ? { warm: () => repeat(1) } : {}),
    async check() {
      const { y } = await session.run({ x });
      const values = (await y.getData()) as Float32Array;
      return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
    },
    dispose: () => void session.release(),
  };
}
