/**
 * Training objectives for Tessera.
 *
 * @module @tessera/losses
 */

export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from './binary-cross-entropy.ts';
export type { ClassIndexOptions } from './class-share.ts';
export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.ts';
export { type Loss, type LossCallOptions, type LossOptions, lossWeight, type Reduction } from './loss.ts';
export { negativeLogLikelihood, type NegativeLogLikelihoodOptions } from './negative-log-likelihood.ts';
export { huber, type HuberOptions, meanAbsoluteError, meanSquaredError } from './regression.ts';
