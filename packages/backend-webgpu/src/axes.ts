import { type Shape, ShapeError, sizeOf } from '@tessera/core';

/** An index space whose axes that lie seamlessly in all operands are merged. */
export interface Axes {
  readonly lengths: readonly number[];
  /** For each operand, its stride along each axis. */
  readonly strides: readonly (readonly number[])[];
}

/** Merges the axes of an index space that lie seamlessly one inside the next in all operands; axes of length 1 go. */
export function mergeAxes(shape: Shape, strides: readonly (readonly number[])[]): Axes {
  const lengths: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const last = lengths.length - 1;
    if (last >= 0 && strides.every((list, i) => merged[i][last] === list[axis] * shape[axis])) {
      lengths[last] *= shape[axis];
      strides.forEach((list, i) => (merged[i][last] = list[axis]));
    } else {
      lengths.push(shape[axis]);
      strides.forEach((list, i) => merged[i].push(list[axis]));
    }
  }
  return { lengths, strides: merged };
}

/** The number of elements, which 32-bit indices must reach. @throws ShapeError where they do not. */
export function indexable(op: string, shape: Shape): number {
  const size = sizeOf(shape);
  if (size < 2 ** 32) return size;
  throw new ShapeError(`[${op}] the webgpu backend counts elements with 32 bits: got ${size} of them. Work on parts.`);
}
