import type { Contestants, Work } from '../contest.ts';
import { ours } from '../ours.ts';
import { copy } from './copy.ts';
import { jax } from './jax.ts';
import { type CountedKernel, inputsOf, type Kernel } from './kernel.ts';
import { onnx } from './onnx.ts';
import { peak } from './peak.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';

/** As often as makes a step of some milliseconds. */
const timesFor = (operations: number, inStep: number): number => Math.max(1, Math.round(inStep / operations));

function workOf(kernel: Kernel, times: number, others: Contestants): Work {
  const { last, first } = inputsOf(kernel);
  return {
    name: kernel.name,
    contestants: [
      ...ours((backend) => tessera(kernel, last(), times, backend)),
      ...one(kernel.tfjs && (['tfjs wasm', () => tfjs(kernel.tfjs!, last(), times)] as const)),
      ...one(kernel.jax && (['jax-js wasm', () => jax(kernel.jax!, first(), times)] as const)),
      ...one(kernel.onnx && (['onnxruntime-web wasm', () => onnx(kernel.onnx!, first(), times)] as const)),
      ...others,
    ],
    // TensorFlow.js gathers means of a million numbers in float32.
    tolerance: 2e-3,
    times,
  };
}

/** Work counted in floating-point operations, beside the machine's peak and others. */
export function counted(kernel: CountedKernel, others: (times: number) => Contestants = () => []): Work {
  const { flops } = kernel;
  const times = timesFor(flops, 2e8);
  return { ...workOf(kernel, times, [...others(times), ['peak', () => peak(flops * times)]]), flops };
}

/** Work counted in bytes moved, beside the engine's own copy of as many. */
export function moved(kernel: Kernel, bytes: number): Work {
  const times = timesFor(bytes, 8e7);
  return { ...workOf(kernel, times, [['memory.copy', () => copy(bytes / 2, times)]]), moved: bytes };
}

const one = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
