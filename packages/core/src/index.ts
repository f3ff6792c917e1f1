/**
 * What every Tessera package agrees on: dtypes, shapes, the op table, plans, the backend contract.
 *
 * @module @tessera/core
 */

export * from './axis.ts';
export * from './backend.ts';
export * from './builder.ts';
export * from './dtype.ts';
export * from './errors.ts';
export * from './graph.ts';
export * from './half.ts';
export * from './op.ts';
export * from './philox.ts';
export * from './plan/plan.ts';
export * from './primitives/attributes.ts';
export * from './shape.ts';
export * from './tree.ts';
export * from './view.ts';
export * from './infer.ts';
export * from './plan/lower.ts';
export * from './plan/run.ts';
export * from './primitives/table.ts';
export { convolutionSize } from './primitives/linear.ts';
export { windowCount } from './primitives/movement.ts';
export type { AttentionAttributes } from './composites/attention.ts';
export type { GroupNormalizationAttributes } from './composites/group-normalization.ts';
export type { LayerNormalizationAttributes, NormalizationAttributes } from './composites/normalization.ts';
export type { AveragePoolAttributes, PoolingAttributes } from './composites/pooling.ts';
export type { SoftmaxAttributes } from './composites/softmax.ts';
export { type DrawAttributes, type DropoutAttributes, dropoutScale } from './composites/random.ts';
export type { AlongAxisAttributes, TopKAttributes } from './composites/indexing.ts';
export {
  type ConvolutionEpilogueAttributes,
  type EpilogueActivation,
  epilogueActivations,
  type EpilogueAttributes,
} from './composites/epilogue.ts';
export type { FusedAttributes, Instruction } from './composites/fused.ts';
