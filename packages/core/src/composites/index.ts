/**
 * The ops that are made of other ops. An entry of its own, so that a program has those that it uses.
 *
 * @module @tessera/core/composites
 */

export { gelu, geluTanh, relu, sigmoid, silu, softplus } from './activation.ts';
export { attention, attentionGradient } from './attention.ts';
export { batchNormalization, batchNormalizationGradient } from './batch-normalization.ts';
export { sigmoidCrossEntropy, softmaxCrossEntropy, softmaxCrossEntropyGradient } from './cross-entropy.ts';
export { convolutionEpilogue, matmulEpilogue } from './epilogue.ts';
export { fused } from './fused.ts';
export { groupNormalization, groupNormalizationGradient } from './group-normalization.ts';
export { takeAlongAxis, topK } from './indexing.ts';
export { layerNormalization, layerNormalizationGradient } from './normalization.ts';
export { averagePool, maxPool, maxPoolGradient } from './pooling.ts';
export { dropout, normal, uniform } from './random.ts';
export { gru, gruGradient, lstm, lstmGradient } from './recurrent.ts';
export { logSoftmax, logSoftmaxGradient, softmax, softmaxGradient } from './softmax.ts';
export { sumSquare } from './sum-square.ts';
