export { gelu, relu, sigmoid, silu, softplus } from './activation.ts';
export { sigmoidCrossEntropy, softmaxCrossEntropy } from './cross-entropy.ts';
export { fused } from './fused.ts';
export { takeAlongAxis } from './indexing.ts';
export { averagePool, maxPool, maxPoolGradient } from './pooling.ts';
export { normal, uniform } from './random.ts';
export { logSoftmax, softmax } from './softmax.ts';
