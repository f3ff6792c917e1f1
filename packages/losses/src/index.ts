/**
 * Training objectives for Tessera.
 *
 * @module @tessera/losses
 */

export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from './binary-cross-entropy.ts';
export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.ts';
export { negativeLogLikelihood, type NegativeLogLikelihoodOptions } from './negative-log-likelihood.ts';
export { type Loss, type LossCallOptions, type LossOptions, type Reduction } from './reduction.ts';
export { huber, type HuberOptions, meanAbsoluteError, meanSquaredError } from './regression.ts';
