import { type Shape, ShapeError, sizeOf } from '@tessera/core';

/** The number of elements, which 32-bit indices must reach. @throws ShapeError where they do not. */
export function indexable(op: string, shape: Shape): number {
  const size = sizeOf(shape);
  if (size < 2 ** 32) return size;
  throw new ShapeError(`[${op}] the webgpu backend counts elements with 32 bits: got ${size} of them. Work on parts.`);
}
