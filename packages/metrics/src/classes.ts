import { sameShape } from '@tessera/core';
import { argmax, type Tensor } from '@tessera/tensor';
import { expectExamples } from './examples.ts';

/** The classes that predictions and targets name: int32, in the shape of the examples. */
export interface Classes {
  readonly predicted: Tensor;
  readonly actual: Tensor;
  /** How many classes a prediction may name. */
  readonly classes: number;
}

/**
 * Predictions are scores `[..., classes]`, or probabilities of the second of two classes `[N]` or `[..., 1]`, cut at
 * `threshold`; targets are class indices `[...]` or one-hot rows `[..., classes]`.
 *
 * @throws ShapeError if they do not fit.
 */
export function classesOf(prediction: Tensor, target: Tensor, threshold = 0.5): Classes {
  const { shape } = prediction;
  const column = shape.at(-1) === 1;
  const binary = shape.length < 2 || column;
  const examples = shape.length < 2 ? shape : shape.slice(0, -1);
  const predicted = binary ? prediction.greater(threshold).astype('int32').reshape(examples) : argmax(prediction, -1);
  if (!binary && sameShape(shape, target.shape)) return { predicted, actual: argmax(target, -1), classes: shape.at(-1)! };
  expectExamples(examples, shape, target.shape);
  return { predicted, actual: target.astype('int32').reshape(examples), classes: binary ? 2 : shape.at(-1)! };
}
