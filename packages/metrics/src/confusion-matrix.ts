import { formatShape, ShapeError } from '@tessera/core';
import { scatter, type Tensor, zeros } from '@tessera/tensor';
import { classesOf } from './classes.ts';
import { exampleMask, exampleWeights } from './example-weights.ts';
import type { Metric } from './metric.ts';

/** Options of metrics over a confusion matrix. */
export interface ConfusionOptions {
  /** Where the score of two classes is one number, from where on it means the second (default 0.5). */
  readonly threshold?: number;
}

/** State of {@link confusionMatrix}: float32 `[classes, classes]`. */
export interface ConfusionState {
  readonly matrix: Tensor;
}

/**
 * How many examples of class i (rows) were predicted as class j (columns). Examples whose label is out of range count for nothing, as
 * with scikit-learn's `labels`.
 *
 * @throws ShapeError on update, if predictions have more classes than the matrix.
 */
export function confusionMatrix(classes: number, { threshold = 0.5 }: ConfusionOptions = {}): Metric<ConfusionState> {
  return {
    name: 'confusionMatrix',
    init: () => ({ matrix: zeros([classes, classes]) }),
    update({ matrix }, prediction, target, weight) {
      const { predicted, actual, classes: most } = classesOf(prediction, target, threshold);
      // A class beyond the matrix would be counted in the next row.
      if (most > classes) {
        throw new ShapeError(
          `[metric] a metric of ${classes} classes must have predictions of as many: got ${formatShape(prediction.shape)}. Give it as many classes as the model has.`,
        );
      }
      const inside = actual.less(0).equal(false).astype('float32').mul(actual.less(classes).astype('float32'));
      const weights = exampleWeights(actual.shape, weight, exampleMask(prediction, actual.shape));
      const counts = weights ? inside.mul(weights) : inside;
      const cells = actual.mul(classes).add(predicted);
      return { matrix: scatter(matrix.flatten(), cells.flatten(), counts.flatten(), { mode: 'add' }).reshape([classes, classes]) };
    },
    compute: ({ matrix }) => matrix,
    merge: (a, b) => ({ matrix: a.matrix.add(b.matrix) }),
  };
}
