import { type Operand, type Shape, ShapeError, sizeOf } from '@tessera/core';

/** The number of elements, which 32-bit indices must reach. @throws ShapeError where they do not. */
export function indexable(op: string, shape: Shape): number {
  const size = sizeOf(shape);
  if (size < 2 ** 32) return size;
  throw new ShapeError(`[${op}] the webgpu backend counts elements with 32 bits: got ${size} of them. Work on parts.`);
}

/** 1 where the elements lie one after another, 0 where one is repeated. */
export function stepOf({ view: { strides, shape } }: Operand): 0 | 1 {
  return strides.some((stride) => stride !== 0) || sizeOf(shape) <= 1 ? 1 : 0;
}
