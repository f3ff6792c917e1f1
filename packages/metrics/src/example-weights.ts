import { sameShape, type Shape } from '@tessera/core';
import { maskOf, type Tensor, where } from '@tessera/tensor';
import { weightAxes } from './examples.ts';

/** The mask of a prediction in a shape that broadcasts to the examples', where it has their first axes. */
export function exampleMask(prediction: Tensor, shape: Shape): Tensor | undefined {
  const mask = maskOf(prediction);
  if (!mask || !sameShape(mask.shape, shape.slice(0, mask.rank))) return undefined;
  return mask.reshape([...mask.shape, ...shape.slice(mask.rank).map(() => 1)]);
}

/**
 * How much each example counts: weights spread over the axes that the examples have beyond them, 0 where the mask is false. Nothing where
 * each counts 1.
 *
 * @throws ShapeError if the weight's shape is not that of the examples or of their first axes.
 */
export function exampleWeights(shape: Shape, weight: Tensor | undefined, mask: Tensor | undefined): Tensor | undefined {
  if (!weight) return mask?.astype('float32').broadcastTo(shape);
  const axes = weightAxes(weight.shape, shape);
  const spread = weight.reshape([...axes, ...shape.slice(axes.length).map(() => 1)]).broadcastTo(shape);
  return mask ? where(mask, spread, 0) : spread;
}
