import { bytesPerElement, type DType, type Shape, ShapeError, sizeOf } from '@tessera/core';
import { concat } from './ops/joining.ts';
import { reshape } from './ops/movement.ts';
import type { Tensor } from './tensor.ts';
import { treeFlatten } from './tree.ts';

/** Where one tensor of a tree lies in a {@link Packed} arena. */
export interface Segment {
  readonly path: string;
  readonly chunk: number;
  /** In elements from the start of the chunk. */
  readonly offset: number;
  readonly shape: Shape;
}

/** A tree of tensors of one dtype laid end to end. */
export interface Packed<T> {
  readonly dtype: DType;
  /** Vectors, each within the byte limit unless one tensor alone is larger. */
  readonly chunks: readonly Tensor[];
  readonly segments: readonly Segment[];
  /** The tree again, its leaves views of the given chunks (by default, of these). */
  unpack(chunks?: readonly Tensor[]): T;
}

/**
 * Lays a tree of tensors end to end in one vector, or in several of at most `maxBytes` (default 128 MiB, what a WebGPU
 * binding holds), with a table of the segments. What works on vectors then works on a whole model at once.
 *
 * @throws ShapeError if there are no tensors or they differ in dtype.
 */
export function pack<T>(tree: T, { maxBytes = 128 * 2 ** 20 }: { maxBytes?: number } = {}): Packed<T> {
  const { leaves, paths, unflatten } = treeFlatten(tree);
  const tensors = leaves as Tensor[];
  const dtype = tensors[0]?.dtype;
  const other = tensors.find((x) => x.dtype !== dtype);
  if (!dtype || other) throw new ShapeError(`[pack] needs tensors of one dtype: got ${other ? `${dtype} and ${other.dtype}` : 'none'}`);
  const groups: Tensor[][] = [];
  let bytes = Infinity;
  let offset = 0;
  const segments = tensors.map((x, i): Segment => {
    const size = x.size * bytesPerElement(dtype);
    if (bytes + size > maxBytes) {
      groups.push([]);
      bytes = 0;
      offset = 0;
    }
    groups.at(-1)!.push(reshape(x, [-1]));
    const segment = { path: paths[i]!, chunk: groups.length - 1, offset, shape: x.shape };
    bytes += size;
    offset += x.size;
    return segment;
  });
  const packed = groups.map((group) => concat(group));
  const unpack = (chunks: readonly Tensor[] = packed): T =>
    unflatten(segments.map(({ chunk, offset: start, shape }) => reshape(chunks[chunk]!.at([start, start + sizeOf(shape)]), shape))) as T;
  return { dtype, chunks: packed, segments, unpack };
}
