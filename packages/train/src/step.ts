import { capture, type Captured, type WarmUpOptions } from '@tessera/capture';
import type { Batch, Column } from '@tessera/data';
import { tensor, type Tensor, tidy } from '@tessera/tensor';
import type { CompileOptions } from './options.ts';

/** A step over a batch. */
export type Step = Captured<[x: Tensor, y: Tensor, weight: Tensor], void>;

/** A function as steps are run: captured and replayed, or op by op. */
export function stepOf<A extends readonly unknown[], R>(
  f: (...inputs: A) => R,
  { eager = false, memoryLimit = Infinity }: Pick<CompileOptions, 'eager' | 'memoryLimit'>,
): Captured<A, R> {
  if (!eager) return capture(f, { memoryLimit });
  return Object.assign((...inputs: A) => tidy(() => f(...inputs)), { plans: [], warmUp: async () => {}, dispose() {} });
}

/** Runs a step over a batch of a loader, once it is ready for such a one, which costs little where it is; examples without weights count 1. */
export async function runStep(step: Step, { size, columns }: Batch, onProgress?: WarmUpOptions['onProgress']): Promise<void> {
  const { x, y, weight = { data: new Float32Array(size).fill(1), shape: [size] } } = columns;
  const inputs = tidy((): Parameters<Step> => [toTensor(x!), toTensor(y!), toTensor(weight)]);
  try {
    await step.warmUp(inputs, { onProgress });
    step(...inputs);
  } finally {
    for (const input of inputs) input.dispose();
  }
}

function toTensor({ data, shape }: Column): Tensor {
  return tensor(data, { shape, ...(data instanceof Float64Array ? { dtype: 'float32' } : {}) });
}

/** Bytes and other integers, as images come, become float32 inside the step. */
export function asFloat(x: Tensor): Tensor {
  return x.dtype === 'float32' ? x : x.astype('float32');
}
