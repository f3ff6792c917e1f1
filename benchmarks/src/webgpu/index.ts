import { conv, tensor, type Tensor } from '@tessera/tensor';
import { jax as cnnJax } from '../cnn/jax.ts';
import { tessera as cnnTessera } from '../cnn/tessera.ts';
import { tfjs as cnnTfjs } from '../cnn/tfjs.ts';
import { makeCnn } from '../cnn/work.ts';
import type { Contestant, Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import { type Any, loadJax, loadTfjs } from '../peers.ts';
import { asked, provideGpu, startWebGpu } from './gpu.ts';

/** One op on fixed inputs in each library's words; its result is read, and looked at, within the time that is taken. */
interface Kernel {
  readonly name: string;
  readonly inputs: readonly Filled[];
  readonly flops: number;
  readonly tessera: (...inputs: Tensor[]) => Tensor;
  readonly tfjs: (tf: Any, ...inputs: Any[]) => Any;
  readonly jax: (jax: Any, ...inputs: Any[]) => Any;
}

/** The mean of |y|, in whichever order its axes are. */
function sampled(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += Math.abs(data[i]!);
  return sum / data.length;
}

async function tessera({ inputs, tessera: run }: Kernel): Promise<Contestant> {
  const backend = await startWebGpu();
  const tensors = inputs.map(({ shape, data }) => tensor(data, { shape, backend }));
  return {
    async step() {
      const y = run(...tensors);
      const loss = sampled((await y.data()) as Float32Array);
      y.dispose();
      return { loss };
    },
    dispose: () => backend.dispose(),
  };
}

async function tfjs({ inputs, tfjs: run }: Kernel): Promise<Contestant> {
  const tf = await loadTfjs('webgpu');
  const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape));
  return {
    async step() {
      await tf.setBackend('webgpu');
      const y = run(tf, ...tensors);
      const loss = sampled(await y.data());
      y.dispose();
      return { loss };
    },
    dispose: () => tensors.forEach((each) => each.dispose()),
  };
}

async function jax({ inputs, jax: f }: Kernel): Promise<Contestant> {
  const library = await loadJax('webgpu');
  const { jit, numpy: np } = library;
  const arrays = inputs.map(({ shape, data }) => np.array(data, { shape }));
  const compiled = jit((...given: Any[]) => f(library, ...given));
  return {
    async step() {
      return { loss: sampled(await compiled(...arrays.map((each) => each.ref)).data()) };
    },
    dispose: () => arrays.forEach((each) => each.dispose()),
  };
}

const workOf = (kernel: Kernel): Work => ({
  name: `webgpu ${kernel.name}`,
  contestants: [
    ['tessera webgpu', () => tessera(kernel)],
    ['tfjs webgpu', () => tfjs(kernel)],
    ['jax-js webgpu', () => jax(kernel)],
  ],
  tolerance: 1e-4,
  flops: kernel.flops,
});

function product(n: number): Kernel {
  const fill = filler();
  return {
    name: `matmul ${n}`,
    inputs: [fill([n, n], 1), fill([n, n], 1)],
    flops: 2 * n ** 3,
    tessera: (a, b) => a.matmul(b),
    tfjs: (tf, a, b) => tf.matMul(a, b),
    jax: ({ numpy }, a, b) => numpy.matmul(a, b),
  };
}

/** 3 × 3, the same size out as in. */
function convolution(n: number, size: number, channels: number, filters: number): Kernel {
  const fill = filler();
  return {
    name: `conv ${n}x${size}x${size}x${channels}-${filters}`,
    inputs: [fill([n, size, size, channels], 1), fill([3, 3, channels, filters], 1)],
    flops: 2 * n * size * size * 9 * channels * filters,
    tessera: (x, w) => conv(x, w, { padding: 'same' }),
    tfjs: (tf, x, w) => tf.conv2d(x, w, 1, 'same'),
    jax: ({ lax }, x, w) => lax.convGeneralDilated(x.transpose([0, 3, 1, 2]), w.transpose([3, 2, 0, 1]), [1, 1], 'SAME'),
  };
}

/** A contestant that says, when it is done, what a step of it asks of the device. */
async function counting(name: string, make: () => Promise<Contestant>): Promise<Contestant> {
  const contestant = await make();
  const steps: (typeof asked)[] = [];
  return {
    ...contestant,
    async step() {
      const before = { ...asked };
      const outcome = await contestant.step();
      steps.push({ dispatches: asked.dispatches - before.dispatches, submits: asked.submits - before.submits });
      return outcome;
    },
    dispose() {
      const { dispatches, submits } = steps.at(-1)!;
      console.log(`${name}: ${dispatches} dispatches and ${submits} submits in a step, the reading of the loss among them`);
      contestant.dispose?.();
    },
  };
}

/** The same on WebGPU: products, convolutions, and the training step of the examples' network. */
export async function webgpuWorks(): Promise<readonly Work[]> {
  await provideGpu();
  const step = makeCnn();
  const cnn: Work = {
    name: 'webgpu cnn step',
    contestants: [
      ['tessera webgpu', () => counting('tessera', async () => cnnTessera(step, await startWebGpu()))],
      ['tfjs webgpu', () => counting('tfjs', () => cnnTfjs(step, 'webgpu'))],
      ['jax-js webgpu', () => counting('jax-js', () => cnnJax(step, 'webgpu'))],
    ],
    tolerance: 1e-3,
  };
  return [...[256, 512, 1024].map(product), convolution(32, 15, 32, 64), convolution(1, 56, 64, 64)].map(workOf).concat(cnn);
}
