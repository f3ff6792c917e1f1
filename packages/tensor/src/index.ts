/**
 * Tensors, variables and operations for Tessera.
 *
 * @module @tessera/tensor
 */

export { type Ambient, ambient, type AmbientContext, type AmbientLoop, snapshot, within, withNothing } from './ambient.ts';
export { isTensor, isVariable } from './brand.ts';
export { setMask } from './carry-masks.ts';
export * from './creation.ts';
export * from './default-backend.ts';
export type { Device, Op } from './device.ts';
export {
  activeDevice,
  announce,
  announceAssign,
  announceDraw,
  announceRead,
  builderOf,
  type OpEvent,
  type Recorder,
  retaining,
  run,
  withDevice,
  withoutOps,
  withoutRecorders,
  withRecorder,
} from './door.ts';
export { eager, EagerDevice } from './eager.ts';
export { Arena } from './arena.ts';
export { FlatParameters, type FlatParametersOptions } from './flat-parameters.ts';
export type { FormatOptions } from './format.ts';
export { type Logits, logitsOf } from './logits.ts';
export { maskOf, maskOfLengths, withMask } from './mask.ts';
export { memory } from './memory.ts';
export type { NestedArray } from './nested.ts';
export { hasSymbols, op, opNameOf } from './op.ts';
export * from './ops/activation.ts';
export * from './ops/attention.ts';
export * from './ops/convolution.ts';
export * from './ops/diagonal.ts';
export * from './ops/einsum.ts';
export * from './ops/elementwise.ts';
export * from './ops/indexing.ts';
export * from './ops/joining.ts';
export * from './ops/matmul.ts';
export * from './ops/movement.ts';
export * from './ops/normalization.ts';
export * from './ops/padding.ts';
export * from './ops/random.ts';
export * from './ops/recurrent.ts';
export * from './ops/reduction.ts';
export * from './ops/scan.ts';
export * from './ops/sort.ts';
export { pack, type Packed, type Segment } from './pack.ts';
export { keep, Scope, tidy } from './scope.ts';
export { Storage } from './storage.ts';
export type { Placement } from './placement.ts';
export { isSymbolic, type Origin, originOf, outline, recordCall, symbol } from './symbolic.ts';
export { type Axes, type Operand, type ReduceOptions, Tensor } from './tensor.ts';
export { inScope, trace as traceGraph, Tracer } from './trace.ts';
export { type Flattened, type Mapped, type Tree, treeFlatten, treeLeaves, treeMap } from '@tessera/core';
export { isUnknown, knownShape, UNKNOWN } from './unknown-axis.ts';
export {
  announceTrainable,
  type Cell,
  type StateHandler,
  trainableVersion,
  Variable,
  type VariableOptions,
} from './variable.ts';
export { VariableTree } from './variable-tree.ts';
