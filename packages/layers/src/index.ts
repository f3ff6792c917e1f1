/**
 * Layers, models, initializers and regularizers for Tessera.
 *
 * @module @tessera/layers
 */

export { Activation } from './activation/activation.ts';
export { type ActivationFunction, activations } from './activations.ts';
export { type Attended, MultiHeadAttention, type MultiHeadAttentionOptions } from './attention/multi-head-attention.ts';
export { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from './attention/transformer-encoder-layer.ts';
export { Conv1D, Conv2D, Conv3D, type ConvOptions, KernelLayer, type KernelOptions } from './convolution/convolution.ts';
export { DepthwiseConv2D, type DepthwiseConvOptions } from './convolution/depthwise-convolution.ts';
export { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, type ConvTransposeOptions } from './convolution/transposed-convolution.ts';
export { Dense, type DenseOptions } from './core/dense.ts';
export { Embedding, type EmbeddingOptions } from './core/embedding.ts';
export { Flatten } from './core/flatten.ts';
export { Reshape } from './core/reshape.ts';
export * as initializers from './initializers.ts';
export type { Initializer } from './initializers.ts';
export { addLayers, concatenateLayers, Model, type ModelOptions } from './model.ts';
export { type BuildOptions, type CallContext, type Json, Module, type ModuleOptions, type VariableSpec } from './module.ts';
export type { AffineOptions } from './normalization/affine-options.ts';
export { BatchNormalization, type BatchNormalizationOptions } from './normalization/batch-normalization.ts';
export { GroupNormalization, type GroupNormalizationOptions } from './normalization/group-normalization.ts';
export { LayerNormalization, type LayerNormalizationOptions } from './normalization/layer-normalization.ts';
export { RMSNormalization, type RMSNormalizationOptions } from './normalization/rms-normalization.ts';
export { AveragePooling2D, type AveragePooling2DOptions } from './pooling/average-pooling2d.ts';
export { MaxPooling2D, type MaxPooling2DOptions } from './pooling/max-pooling2d.ts';
export {
  GRU,
  LSTM,
  type LSTMOptions,
  Recurrent,
  type RecurrentOptions,
  SimpleRNN,
  type SimpleRNNOptions,
  type Unrolled,
} from './recurrent/recurrent.ts';
export { Dropout } from './regularization/dropout.ts';
export { l1, l1l2, l2, penalty, type Regularizer } from './regularizers.ts';
export { Sequential, type SequentialOptions } from './sequential.ts';
export { summary } from './summary.ts';
export { input, type Merge, SymbolicTensor } from './symbolic.ts';
export {
  builtinLayers,
  checkWeights,
  fromRawTensor,
  type LayerClass,
  loadModel,
  type LoadModelOptions,
  loadWeights,
  rawTensor,
  saveModel,
  saveWeights,
  setWeights,
  weightsOf,
} from './save.ts';
