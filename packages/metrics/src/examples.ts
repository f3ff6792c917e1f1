import { formatShape, sameShape, type Shape, ShapeError } from '@tessera/core';

/** A shape without the axes of length 1 at its end, which a column `[N, 1]` has and a vector `[N]` has not. */
function trimmed(shape: Shape): Shape {
  const end = shape.findLastIndex((length) => length !== 1) + 1;
  return shape.slice(0, end);
}

/** Checks that a target has the shape of the examples, or is a column of them. @throws ShapeError */
export function expectExamples(examples: Shape, prediction: Shape, target: Shape): void {
  if (sameShape(trimmed(examples), trimmed(target))) return;
  throw new ShapeError(
    `[metric] prediction and target must have the same examples: got ${formatShape(prediction)} and ${formatShape(target)}`,
  );
}

/** The shape of a weight as the first axes of the examples. @throws ShapeError if it is not of them. */
export function weightAxes(weight: Shape, examples: Shape): Shape {
  const axes = trimmed(weight);
  if (axes.every((length, axis) => length === examples[axis])) return axes;
  throw new ShapeError(`[metric] weight must have the shape of the examples: got ${formatShape(weight)} for ${formatShape(examples)}`);
}
