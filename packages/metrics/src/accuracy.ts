import { topk } from '@tessera/tensor';
import { classesOf } from './classes.ts';
import { meanOf, type MeanState } from './mean.ts';
import type { Metric } from './metric.ts';

/** The share of examples whose predicted class is the target's. */
export function accuracy({ threshold = 0.5 }: { threshold?: number } = {}): Metric<MeanState> {
  return meanOf('accuracy', (prediction, target) => {
    const { predicted, actual } = classesOf(prediction, target, threshold);
    return predicted.equal(actual).astype('float32');
  });
}

/** The share of examples whose target is among the k classes of highest score. */
export function topKAccuracy(k = 5): Metric<MeanState> {
  return meanOf(`top${k}Accuracy`, (prediction, target) => {
    const { actual } = classesOf(prediction, target);
    const { indices } = topk(prediction, k);
    return indices.equal(actual.expandDims(-1)).astype('float32').sum(-1);
  });
}
