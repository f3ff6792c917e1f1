import type { Tensor } from '@tessera/tensor';
import type { Any } from '#peers';
import type { Filled } from '../filled.ts';
import type { Model } from '../onnx/model.ts';

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

/** A kernel that is told in floating-point operations. */
export interface CountedKernel extends Kernel {
  readonly flops: number;
}

/** The inputs as a library has them, made once: those of whom channels come first, or else as they are. */
export function inputsOf(kernel: Kernel): Record<'last' | 'first', () => readonly Filled[]> {
  const last = once(kernel.inputs);
  return { last, first: once(() => (kernel.channelsFirst ? kernel.channelsFirst(last()) : last())) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
