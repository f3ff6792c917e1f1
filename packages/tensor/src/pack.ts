import { bytesPerElement, type DType, type Shape, ShapeError, sizeOf, type Spec } from '@tessera/core';
import { concat } from './ops/joining.ts';
import { reshape } from './ops/movement.ts';
import type { Tensor } from './tensor.ts';
import { treeFlatten } from '@tessera/core';

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

/** What a WebGPU binding holds in any browser. */
export const MOST_BYTES: number = 128 * 2 ** 20;

/** The chunk of each tensor, none larger than `maxBytes` unless one tensor alone is, and its place there. */
export function layOut(tensors: readonly Spec[], maxBytes: number): { chunk: number; offset: number }[] {
  let chunk = -1;
  let bytes = Infinity;
  let offset = 0;
  return tensors.map(({ shape, dtype }) => {
    const size = sizeOf(shape);
    if (bytes + size * bytesPerElement(dtype) > maxBytes) {
      chunk++;
      bytes = offset = 0;
    }
    const place = { chunk, offset };
    bytes += size * bytesPerElement(dtype);
    offset += size;
    return place;
  });
}

/**
 * Lays a tree of tensors end to end in one vector, or in several of at most `maxBytes` (default 128 MiB, what a WebGPU
 * binding holds), with a table of the segments. What works on vectors then works on a whole model at once.
 *
 * @throws ShapeError if there are no tensors or they differ in dtype.
 */
export function pack<T>(tree: T, { maxBytes = MOST_BYTES }: { maxBytes?: number } = {}): Packed<T> {
  const { leaves, paths, unflatten } = treeFlatten(tree);
  const tensors = leaves as Tensor[];
  const dtype = tensors[0]?.dtype;
  const other = tensors.find((x) => x.dtype !== dtype);
  if (!dtype || other) throw new ShapeError(`[pack] needs tensors of one dtype: got ${other ? `${dtype} and ${other.dtype}` : 'none'}`);
  const places = layOut(tensors, maxBytes);
  const segments = places.map((place, i): Segment => ({ ...place, path: paths[i]!, shape: tensors[i]!.shape }));
  const packed = Array.from({ length: places.at(-1)!.chunk + 1 }, (_, chunk) =>
    concat(tensors.filter((_, i) => places[i]!.chunk === chunk).map((x) => reshape(x, [-1]))),
  );
  const unpack = (chunks: readonly Tensor[] = packed): T =>
    unflatten(segments.map(({ chunk, offset: start, shape }) => reshape(chunks[chunk]!.at([start, start + sizeOf(shape)]), shape))) as T;
  return { dtype, chunks: packed, segments, unpack };
}
