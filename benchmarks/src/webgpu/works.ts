import type { WasmBackend } from '@tessera/backend-wasm';
import { webgpu, type WebGpuOptions } from '@tessera/backend-webgpu';
import type { Backend } from '@tessera/core';
import { jaxStep } from '../block/jax.ts';
import { tesseraStep } from '../block/tessera.ts';
import { tfjsStep } from '../block/tfjs.ts';
import { makeBlock } from '../block/work.ts';
import { jax as cnnJax } from '../cnn/jax.ts';
import { tessera as cnnTessera } from '../cnn/tessera.ts';
import { tfjs as cnnTfjs } from '../cnn/tfjs.ts';
import { makeCnn } from '../cnn/work.ts';
import type { Contestant, Work } from '../contest.ts';
import { convolution, type Geometry, gradients } from '../kernels/convolution.ts';
import { type CountedKernel, inputsOf } from '../kernels/kernel.ts';
import { product } from '../kernels/product.ts';
import { tessera as onWasm } from '../kernels/tessera.ts';
import { jax as lstmJax } from '../lstm/jax.ts';
import { tessera as lstmTessera } from '../lstm/tessera.ts';
import { tfjs as lstmTfjs } from '../lstm/tfjs.ts';
import { makeLstm } from '../lstm/work.ts';
import { jax, tessera, tfjs } from './kernels.ts';
import type { Traffic } from './traffic.ts';

/** Where the works are done. */
export interface Place {
  /** What was asked of the device so far. */
  readonly traffic: () => Traffic;
  /** Whether the device is the processor, which takes long for what a graphics card does many times in a step. */
  readonly software: boolean;
  /** Tessera's own backend on WebAssembly, for comparison. */
  readonly startWasm: () => Promise<WasmBackend>;
}

/** The adapter that the other libraries ask for too, whatever it is. */
export const asAllAsk: WebGpuOptions = { software: true, powerPreference: 'high-performance' };

const ours = (): Promise<Backend> => webgpu(asAllAsk);

/** A contestant whose steps tell what they asked of the device. */
async function counting(traffic: () => Traffic, pending: Promise<Contestant> | Contestant): Promise<Contestant> {
  const contestant = await pending;
  return {
    ...contestant,
    async step() {
      const before = traffic();
      const outcome = await contestant.step();
      const { dispatches, submits } = traffic();
      return { ...outcome, traffic: { dispatches: dispatches - before.dispatches, submits: submits - before.submits } };
    },
  };
}

/** A contestant whose steps tell what they moved on the device. */
async function weighing(moved: () => Promise<number>, pending: Promise<Contestant> | Contestant): Promise<Contestant> {
  const contestant = await pending;
  // A first step, which makes much ready, does not count, nor does what it waited for.
  await contestant.step();
  await moved();
  return {
    ...contestant,
    async step() {
      const outcome = await contestant.step();
      return { ...outcome, bytes: await moved() };
    },
  };
}

/** A contestant whose steps do but a part of the work: their time is multiplied. */
function scaled(contestant: Contestant, factor: number): Contestant {
  return {
    ...contestant,
    async step() {
      const began = performance.now();
      const outcome = await contestant.step();
      return { ...outcome, ms: (performance.now() - began) * factor };
    },
  };
}

/** An op, so often in a step that the device takes some milliseconds for it, against which reading does not count. */
function kernelWork(kernel: CountedKernel, { software, startWasm }: Place): Work {
  const times = Math.min(400, Math.ceil((software ? 2e8 : 1e11) / kernel.flops));
  // So many make some milliseconds on WebAssembly.
  const onProcessor = Math.min(times, Math.ceil(2e8 / kernel.flops));
  const { last, first } = inputsOf(kernel);
  return {
    name: `webgpu ${kernel.name}`,
    contestants: [
      ['tessera webgpu', async () => tessera(kernel, last(), times, await ours())],
      ['tfjs webgpu', () => tfjs(kernel, last(), times)],
      ['jax-js webgpu', () => jax(kernel, first(), times)],
      ['tessera wasm', async () => scaled(onWasm(kernel, last(), onProcessor, await startWasm()), times / onProcessor)],
    ],
    tolerance: 2e-3,
    times,
    flops: kernel.flops,
  };
}

/** A training step on WebGPU in each library's words, and Tessera's on any backend. */
interface Step {
  readonly name: string;
  readonly tessera: (backend: Backend) => Contestant;
  readonly tfjs: () => Promise<Contestant>;
  readonly jax: () => Promise<Contestant>;
}

function trainingSteps(): readonly Step[] {
  const [cnn, lstm, block] = [makeCnn(), makeLstm(), makeBlock()];
  return [
    {
      name: 'cnn step',
      tessera: (backend) => cnnTessera(cnn, backend),
      tfjs: () => cnnTfjs(cnn, 'webgpu'),
      jax: () => cnnJax(cnn, 'webgpu'),
    },
    {
      name: 'lstm step',
      tessera: (backend) => lstmTessera(lstm, backend),
      tfjs: () => lstmTfjs(lstm, 'webgpu'),
      jax: () => lstmJax(lstm, 'webgpu'),
    },
    {
      name: 'block step',
      tessera: (backend) => tesseraStep(block, backend),
      tfjs: () => tfjsStep(block, 'webgpu'),
      jax: () => jaxStep(block, 'webgpu'),
    },
  ];
}

function stepWork({ name, ...step }: Step, { traffic, startWasm }: Place): Work {
  return {
    name: `webgpu ${name}`,
    contestants: [
      ['tessera webgpu', () => counting(traffic, ours().then(step.tessera))],
      ['tfjs webgpu', () => counting(traffic, step.tfjs())],
      ['jax-js webgpu', () => counting(traffic, step.jax())],
      ['tessera wasm', async () => step.tessera(await startWasm())],
    ],
    tolerance: 1e-3,
  };
}

const small: Geometry = { images: 32, size: 15, channels: 32, filters: 64, window: 3, padding: 'same' };
const large: Geometry = { images: 1, size: 56, channels: 64, filters: 64, window: 3, padding: 'same' };

/** Products, convolutions with their gradients, and training steps, on WebGPU by all who have it. */
export function webgpuWorks(place: Place): readonly Work[] {
  const kernels = [
    ...[256, 512, 1024].map((n) => product(`matmul ${n}`, [n, n, n])),
    ...[small, large].flatMap((geometry) => [convolution(geometry), ...gradients(geometry)]),
  ];
  return [...kernels.map((kernel) => kernelWork(kernel, place)), ...trainingSteps().map((step) => stepWork(step, place))];
}

/** The bytes that training steps move on the device. `moved` gives those since it was last called. */
export function movedWorks(moved: () => Promise<number>): readonly Work[] {
  return trainingSteps().map(({ name, ...step }) => ({
    name: `webgpu ${name}, bytes moved`,
    contestants: [
      ['tessera webgpu', () => weighing(moved, ours().then(step.tessera))],
      ['tfjs webgpu', () => weighing(moved, step.tfjs())],
      ['jax-js webgpu', () => weighing(moved, step.jax())],
    ],
    tolerance: 1e-3,
    rounds: 1,
  }));
}
