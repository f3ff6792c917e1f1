import { DataError, sameShape, type Shape, sizeOf } from '@tessera/core';
import { expectExamples, weightAxes } from './examples.ts';
import type { HostArray } from './host-metric.ts';

/** Scores of examples for one class, and which are of it. */
export interface Scored {
  readonly scores: Float64Array;
  readonly positive: Uint8Array;
  /** None is 0: what does not count is left out. */
  readonly weights: Float64Array;
}

/**
 * The scores of a batch for each class, or for the second of two.
 *
 * Shapes: labels 0 and 1 `[...]` with scores `[N]`, `[..., 1]` or `[..., 2]`, of which the second is taken; class indices `[...]` with
 * scores `[..., classes]`; targets of zeros and ones with scores of the same shape `[..., classes]`.
 *
 * @throws ShapeError if they do not fit.
 * @throws DataError if the label of an example whose weight is not 0 is no class.
 */
export function scoredOf(name: string, prediction: HostArray, target: HostArray, weight: HostArray | undefined): readonly Scored[] {
  const { shape, data } = prediction;
  const width = shape.length < 2 ? 1 : shape.at(-1)!;
  const examples = shape.length < 2 ? shape : shape.slice(0, -1);
  const indicators = width > 1 && sameShape(shape, target.shape);
  if (!indicators) expectExamples(examples, shape, target.shape);

  const all = weightsOf(weight, examples);
  const rows = Uint32Array.from(all.keys()).filter((row) => all[row] !== 0);
  const weights = Float64Array.from(rows, (row) => all[row]!);
  const ofClass = (c: number, isPositive: (row: number) => boolean): Scored => ({
    scores: Float64Array.from(rows, (row) => Number(data[row * width + c])),
    positive: Uint8Array.from(rows, (row) => Number(isPositive(row))),
    weights,
  });
  const classes = Array.from({ length: width }, (_, c) => c);
  if (indicators) return classes.map((c) => ofClass(c, (row) => Number(target.data[row * width + c]) > 0.5));
  const labels = Float64Array.from(target.data, Number);
  for (const row of rows) checkLabel(name, labels[row]!, Math.max(width, 2));
  if (width <= 2) return [ofClass(width - 1, (row) => labels[row] === 1)];
  return classes.map((c) => ofClass(c, (row) => labels[row] === c));
}

function checkLabel(name: string, label: number, classes: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new DataError(
    `[${name}] labels must be whole numbers from 0 to ${classes - 1}: got ${label}. Give examples that must not count a weight of 0.`,
  );
}

/** The weight of each example, where one may stand for several that lie together. */
function weightsOf(weight: HostArray | undefined, examples: Shape): Float64Array {
  const weights = new Float64Array(sizeOf(examples)).fill(1);
  if (!weight) return weights;
  const each = weights.length / sizeOf(weightAxes(weight.shape, examples));
  return weights.map((_, i) => Number(weight.data[Math.floor(i / each)]));
}
