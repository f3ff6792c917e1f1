import { ShapeError } from './errors.ts';

/** The length of every axis, outermost first. */
export type Shape = readonly number[];

/** How many elements a shape holds: the product of its axes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** A shape as it reads in messages: `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Whether two shapes have the same axes. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Checks that every axis is a whole number ≥ 0 and that the whole fits an index. */
export function checkShape(where: string, shape: Shape): Shape {
  if (!shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new ShapeError(`[${where}] every axis must be a whole number ≥ 0: got ${formatShape(shape)}`);
  }
  // Beyond an array's largest index are lengths that stand in for those that are not known: they are no one's memory.
  if (!Number.isSafeInteger(sizeOf(shape.filter((length) => length < 2 ** 31)))) {
    throw new ShapeError(`[${where}] the shape must hold fewer than 2^53 elements: got ${formatShape(shape)}`);
  }
  return shape;
}

/** NumPy's broadcasting: axes are aligned from the last; equal lengths stay, a length of 1 stretches. */
export function broadcastShapes(where: string, ...shapes: readonly Shape[]): Shape {
  const [first = []] = shapes;
  if (shapes.every((shape) => sameShape(shape, first))) return first;
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const at = rank - shape.length + axis;
      const length = shape[axis]!;
      if (length === 1 || length === result[at]) continue;
      if (result[at] !== 1) {
        throw new ShapeError(
          `[${where}] shapes must be equal or 1 on every axis, counted from the last: got ${shapes.map(formatShape).join(' and ')}`,
        );
      }
      result[at] = length;
    }
  }
  return result;
}
