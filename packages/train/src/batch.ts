import { DataError, treeFlatten, treeMap } from '@tessera/core';
import type { Column } from '@tessera/data';
import { maskOfLengths, setMask, tensor, type Tensor } from '@tessera/tensor';

/** A batch on the device: a tree of tensors, and for padded sequences how long each is, by path. */
export interface DeviceBatch<B = unknown> {
  readonly size: number;
  readonly tensors: B;
  readonly lengths: Readonly<Record<string, Tensor>>;
}

/** Columns as tensors of their types; float64 becomes float32, int64 and uint16 int32. @throws DataError for strings. */
export function toDevice(columns: unknown, size: number): DeviceBatch {
  const lengths: Record<string, Tensor> = {};
  const { leaves, paths, unflatten } = treeFlatten(columns);
  const tensors = leaves.map((leaf, i) => {
    const column = leaf as Column;
    if (column.lengths) lengths[paths[i]!] = tensor(column.lengths);
    return toTensor(column, paths[i]!);
  });
  return { size, tensors: unflatten(tensors), lengths };
}

function toTensor({ data, shape }: Column, path: string): Tensor {
  if (Array.isArray(data)) {
    throw new DataError(
      `[train] column ${path} holds strings, which no model takes. Turn them into numbers: map(dataset, …), or a layer that was adapted to them.`,
    );
  }
  if (data instanceof BigInt64Array || data instanceof Uint16Array) return tensor(Int32Array.from(data, Number), { shape });
  return tensor(data, { shape, ...(data instanceof Float64Array ? { dtype: 'float32' } : {}) });
}

/** The tensors of a batch, those of padded sequences with their masks; inside the step. */
export function masked<B>({ tensors, lengths }: Pick<DeviceBatch<B>, 'tensors' | 'lengths'>): B {
  const { leaves, paths } = treeFlatten(tensors);
  paths.forEach((path, i) => {
    const steps = lengths[path];
    const x = leaves[i] as Tensor;
    if (steps && x.rank >= 2) setMask(x, maskOfLengths(steps, x.shape[1]!));
  });
  return tensors;
}

/** Gives the memory of a batch back. */
export function disposeBatch({ tensors, lengths }: DeviceBatch): void {
  treeMap((leaf: Tensor) => leaf.dispose(), tensors);
  for (const steps of Object.values(lengths)) steps.dispose();
}
