import { UsageError, type View } from '@tessera/core';
import type { Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** Where the elements of a tensor are. */
export interface Placement {
  readonly storage: Storage;
  readonly view: View;
}

/** Where a tensor's elements are; throws for tensors that have none. */
export function placementOf(tensor: Tensor, where: string): Placement {
  if (tensor.placement) return tensor.placement;
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
