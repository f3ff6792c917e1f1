import type { Backend } from '@tessera/core';
import { setDefaultBackend, tensor, tidy } from '@tessera/tensor';
import { type Any, loadJax, loadTfjs } from '#peers';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import type { Kernel } from '../kernels/kernel.ts';

// A step does the op several times, and then tells the mean of |y|, taken on the device: so it has been done once that number is there.

export function tessera({ tessera: run }: Kernel, inputs: readonly Filled[], times: number, backend: Backend): Contestant {
  const tensors = inputs.map(({ shape, data }) => tensor(data, { shape, backend }));
  return {
    async step() {
      setDefaultBackend(backend);
      for (let i = 1; i < times; i++) run(...tensors).dispose();
      const mean = tidy(() =>
        run(...tensors)
          .abs()
          .mean(),
      );
      const loss = await mean.item();
      mean.dispose();
      return { loss };
    },
    dispose: () => backend.dispose(),
  };
}

export async function tfjs({ tfjs: run }: Kernel, inputs: readonly Filled[], times: number): Promise<Contestant> {
  const tf = await loadTfjs('webgpu');
  const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape));
  return {
    async step() {
      await tf.setBackend('webgpu');
      for (let i = 1; i < times; i++) run!(tf, ...tensors).dispose();
      const mean = tf.tidy(() =>
        run!(tf, ...tensors)
          .abs()
          .mean(),
      );
      const [loss] = await mean.data();
      mean.dispose();
      return { loss };
    },
    dispose: () => tensors.forEach((each) => each.dispose()),
  };
}

export async function jax({ jax: f }: Kernel, inputs: readonly Filled[], times: number): Promise<Contestant> {
  const library = await loadJax('webgpu');
  const { jit, numpy: np } = library;
  const arrays = inputs.map(({ shape, data }) => np.array(data, { shape }));
  const compiled = jit((...given: Any[]) => f!(library, ...given));
  const run = (): Any => compiled(...arrays.map((each) => each.ref));
  return {
    async step() {
      for (let i = 1; i < times; i++) {
        // It computes nothing that nobody asks for, and this asks without waiting for it.
        await run().gpuBuffer();
      }
      return { loss: (await np.mean(np.abs(run())).data())[0] };
    },
    dispose: () => arrays.forEach((each) => each.dispose()),
  };
}
