import { type DType, type Operand, UsageError, type View } from '@tessera/core';
import type { Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** Where the elements of a tensor are, as kernels take it, and what keeps the buffer alive. */
export interface Placement extends Operand {
  readonly storage: Storage;
}

/** A place in a buffer. */
export function placeIn(storage: Storage, dtype: DType, view: View): Placement {
  return { storage, buffer: storage.buffer, dtype, view };
}

/** Where a tensor's elements are; throws for tensors that have none. */
export function placementOf(tensor: Tensor, where: string): Placement {
  if (tensor.placement) return tensor.placement;
  if (tensor.device.takesAny) {
    throw new UsageError(`[${where}] a symbolic tensor has no numbers: it says what a model computes. Make a Model of it and apply that.`);
  }
  throw new UsageError(
    tensor.disposed
      ? `[${where}] the tensor was disposed. Return it from tidy, or keep(tensor), to use it later.`
      : `[${where}] a value that is being traced has no numbers yet: read ${callerPlace()}. Return it from the captured function and read it there.`,
  );
}

/** The line of the caller's that reads a tensor, as `at f (file:line:column)`. */
function callerPlace(): string {
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  return (frames.find((frame) => !/at (async )?(callerPlace|placementOf|Tensor\.)/.test(frame)) ?? 'at a place unknown').trim();
}
