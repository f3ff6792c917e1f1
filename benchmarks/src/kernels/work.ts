import type { Tensor } from '@tessera/tensor';
import { ours } from '../backend.ts';
import type { Contestants, Work } from '../contest.ts';
import type { Filled } from '../filled.ts';
import type { Model } from '../onnx/model.ts';
import type { Any } from '../peers.ts';
import { copy } from './copy.ts';
import { jax } from './jax.ts';
import { onnx } from './onnx.ts';
import { peak } from './peak.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';

/** One op on fixed inputs, in each library's words. */
export interface Kernel {
  readonly name: string;
  readonly inputs: () => readonly Filled[];
  readonly tessera: (...inputs: Tensor[]) => Tensor;
  readonly tfjs?: (tf: Any, ...inputs: Any[]) => Any;
  readonly jax?: (jax: Any, ...inputs: Any[]) => Any;
  /** A node of ONNX that reads `x` and `w`, the second input a weight. */
  readonly onnx?: Pick<Model['nodes'][number], 'op' | 'attributes'> & { readonly y: readonly number[] };
  /** The inputs as those have them whose channels come first. */
  readonly channelsFirst?: (inputs: readonly Filled[]) => readonly Filled[];
}

/** As often as makes a step of some milliseconds. */
const timesFor = (operations: number, inStep: number): number => Math.max(1, Math.round(inStep / operations));

function workOf(kernel: Kernel, times: number, others: Contestants): Work {
  const inputs = once(kernel.inputs);
  const turned = once(() => (kernel.channelsFirst ? kernel.channelsFirst(inputs()) : inputs()));
  return {
    name: kernel.name,
    contestants: [
      ...ours((threads) => tessera(kernel, inputs(), times, threads)),
      ...one(kernel.tfjs && (['tfjs wasm', () => tfjs(kernel.tfjs!, inputs(), times)] as const)),
      ...one(kernel.jax && (['jax-js wasm', () => jax(kernel.jax!, turned(), times)] as const)),
      ...one(kernel.onnx && (['onnxruntime-web wasm', () => onnx(kernel.onnx!, turned(), times)] as const)),
      ...others,
    ],
    // TensorFlow.js gathers means of a million numbers in float32.
    tolerance: 2e-3,
    times,
  };
}

/** Work counted in floating-point operations, beside the machine's peak and others. */
export function counted(kernel: Kernel, flops: number, others: (times: number) => Contestants = () => []): Work {
  const times = timesFor(flops, 2e8);
  return { ...workOf(kernel, times, [...others(times), ['peak', () => peak(flops * times)]]), flops };
}

/** Work counted in bytes moved, beside the engine's own copy of as many. */
export function moved(kernel: Kernel, bytes: number): Work {
  const times = timesFor(bytes, 8e7);
  return { ...workOf(kernel, times, [['memory.copy', () => copy(bytes / 2, times)]]), moved: bytes };
}

const one = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
