import type { Tensor } from '@tessera/tensor';
import { expectExamples } from './examples.ts';
import { meanOf, type MeanState } from './mean.ts';
import type { Metric } from './metric.ts';

const perElement =
  (f: (difference: Tensor) => Tensor) =>
  (prediction: Tensor, target: Tensor): Tensor => {
    expectExamples(prediction.shape, prediction.shape, target.shape);
    return f(prediction.sub(target.reshape(prediction.shape)));
  };

/** Σ (ŷ − y)² / n over all elements. */
export function meanSquaredError(): Metric<MeanState> {
  return meanOf(
    'meanSquaredError',
    perElement((e) => e.square()),
  );
}

/** Σ |ŷ − y| / n over all elements. */
export function meanAbsoluteError(): Metric<MeanState> {
  return meanOf(
    'meanAbsoluteError',
    perElement((e) => e.abs()),
  );
}
