/**
 * Layers, models, initializers and regularizers for Tessera.
 *
 * @module @tessera/layers
 */

export { Activation } from './activation/activation.ts';
export { type ActivationFunction, activations, linear } from './activations.ts';
export { AdditiveAttention, type AdditiveAttentionOptions } from './attention/additive-attention.ts';
export type { AttentionInput } from './attention/input.ts';
export { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention/multi-head-attention.ts';
export { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from './attention/transformer-encoder-layer.ts';
export { type Constraint, maxNorm, minMaxNorm, nonNeg, type NormOptions, unitNorm } from './constraints.ts';
export type { ConvOptions } from './convolution/conv.ts';
export type { ConvTransposeOptions } from './convolution/conv-transpose.ts';
export { Conv1D } from './convolution/conv1d.ts';
export { Conv1DTranspose } from './convolution/conv1d-transpose.ts';
export { Conv2D } from './convolution/conv2d.ts';
export { Conv2DTranspose } from './convolution/conv2d-transpose.ts';
export { Conv3D } from './convolution/conv3d.ts';
export { Conv3DTranspose } from './convolution/conv3d-transpose.ts';
export { DepthwiseConv2D, type DepthwiseConvOptions } from './convolution/depthwise-conv2d.ts';
export type { KernelOptions } from './convolution/kernel.ts';
export { Dense, type DenseOptions } from './core/dense.ts';
export { Embedding, type EmbeddingOptions } from './core/embedding.ts';
export { Masking, type MaskingOptions } from './core/masking.ts';
export * as initializers from './initializers.ts';
export type { Initializer } from './initializers.ts';
export { Add } from './merge/add.ts';
export { Average } from './merge/average.ts';
export { Concatenate, type ConcatenateOptions } from './merge/concatenate.ts';
export { Dot, type DotOptions } from './merge/dot.ts';
export { Maximum } from './merge/maximum.ts';
export { Minimum } from './merge/minimum.ts';
export { Multiply } from './merge/multiply.ts';
export { Subtract } from './merge/subtract.ts';
export { isModule } from './module/brand.ts';
export { type CallContext, type Given, inContext } from './module/context.ts';
export { external, type External } from './module/external.ts';
export { input } from './module/input.ts';
export { listening } from './module/listening.ts';
export { Model, type ModelOptions } from './module/model.ts';
export {
  type AnyModule,
  type BuildOptions,
  Module,
  type VariableSpec,
} from './module/module.ts';
export type { ModuleClass, ModuleOptions } from './module/module-class.ts';
export { modulesOf } from './module/modules-of.ts';
export { Sequential, type SequentialOptions } from './module/sequential.ts';
export { type AxisLengths, isSpec, type Specs, spec, type SpecsLike, type SpecsOf, specsOfJson, TensorSpec } from './module/spec.ts';
export { Submodel, submodel } from './module/submodel.ts';
export type { AffineOptions } from './normalization/affine-options.ts';
export { BatchNormalization, type BatchNormalizationOptions } from './normalization/batch-normalization.ts';
export { GroupNormalization, type GroupNormalizationOptions } from './normalization/group-normalization.ts';
export { LayerNormalization, type LayerNormalizationOptions } from './normalization/layer-normalization.ts';
export { RMSNormalization, type RMSNormalizationOptions } from './normalization/rms-normalization.ts';
export type { Json, Loader, Saver } from './options/json.ts';
export { factory } from './options/named.ts';
export type { Option, Options, Resolved } from './options/option.ts';
export { rows } from './options/rows.ts';
export { constraint, initializer, regularizer } from './options/value-rows.ts';
export { penalty } from './penalty.ts';
export { AveragePooling2D, type AveragePooling2DOptions } from './pooling/average-pooling2d.ts';
export { GlobalAveragePooling1D } from './pooling/global-average-pooling1d.ts';
export { GlobalAveragePooling2D } from './pooling/global-average-pooling2d.ts';
export { GlobalMaxPooling1D } from './pooling/global-max-pooling1d.ts';
export { GlobalMaxPooling2D } from './pooling/global-max-pooling2d.ts';
export type { GlobalPoolingOptions } from './pooling/global-pooling-options.ts';
export { MaxPooling2D, type MaxPooling2DOptions } from './pooling/max-pooling2d.ts';
export { GRU } from './recurrent/gru.ts';
export { LSTM, type LSTMOptions } from './recurrent/lstm.ts';
export type { RecurrentOptions } from './recurrent/options.ts';
export type { RecurrentInput, RecurrentOutput } from './recurrent/recur.ts';
export { SimpleRNN, type SimpleRNNOptions } from './recurrent/simple-rnn.ts';
export { Dropout } from './regularization/dropout.ts';
export { l1, l1l2, l2, type Regularizer } from './regularizers.ts';
export { Flatten } from './reshaping/flatten.ts';
export { Reshape } from './reshaping/reshape.ts';
export { loadModel, type LoadModelOptions } from './save/load-model.ts';
export { saveModel } from './save/save-model.ts';
export {
  checkWeights,
  fromRawTensor,
  loadWeights,
  type LoadWeightsOptions,
  rawTensor,
  saveWeights,
  setWeights,
  type WeightsReport,
  weightsOf,
} from './save/weights.ts';
export { summary } from './summary.ts';
