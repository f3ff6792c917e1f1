import { sameShape, type Shape, ShapeError, UsageError } from '@tessera/core';
import { isTensor, type Tensor } from '@tessera/tensor';
import { formatAxes, formatBatch } from '../module/spec.ts';

/** Checks that a merge was given an array of at least two tensors, or of exactly so many. */
export function expectTensors(layer: string, xs: readonly Tensor[], exactly?: number): readonly Tensor[] {
  if (!Array.isArray(xs)) {
    throw new UsageError(
      `[${layer}] inputs must be an array of tensors: got ${isTensor(xs) ? 'one tensor' : typeof xs}. Write apply([a, b]).`,
    );
  }
  const wanted = exactly === undefined ? 'at least two' : `exactly ${exactly}`;
  if (xs.length < 2 || (exactly !== undefined && xs.length !== exactly))
    throw new UsageError(`[${layer}] inputs must be ${wanted}: got ${xs.length}`);
  return xs;
}

/** The tensors of a merge, element by element: of one shape, but for axes of length 1, which stretch. */
export function expectOneShape(layer: string, xs: readonly Tensor[], exactly?: number): readonly Tensor[] {
  const shapes = expectTensors(layer, xs, exactly).map(({ shape }) => shape);
  const rank = shapes[0]!.length;
  const long = shapes[0]!.map((_, axis) => shapes.find((shape) => shape[axis] !== 1)?.[axis] ?? 1);
  const fits = shapes.every((shape) => shape.length === rank && shape.every((length, axis) => length === 1 || length === long[axis]));
  if (fits) return xs;
  throw new ShapeError(`[${layer}] inputs must have one shape: got ${formatShapes(shapes)}`);
}

/** Shapes as messages show them: with N for the batch where it is the same for all. */
export function formatShapes(shapes: readonly Shape[]): string {
  const together = shapes.every((shape) => sameShape(shape.slice(0, 1), shapes[0]!.slice(0, 1)) && shape.length > 0);
  return shapes.map((shape) => (together ? formatBatch(shape.slice(1)) : formatAxes(shape))).join(' and ');
}
