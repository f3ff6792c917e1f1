/**
 * Conformance checks for ops, layers, backends, optimizers and metrics.
 *
 * @module @tessera/testkit
 */

export { type BackendCheckOptions, checkBackend, checkFlatMemory } from './check-backend.ts';
export { checkLayer } from './check-layer.ts';
export { checkMetric, type MetricLike, type MetricSample } from './check-metric.ts';
export { checkOp, type OpDescription, type OpError, type OpSample, type SampleTensor } from './check-op.ts';
export { checkOptimizer, type OptimizerCheckOptions, type OptimizerLike, type ParametersLike } from './check-optimizer.ts';
export { CheckError, expectClose } from './compare.ts';
export type { InputSpec, InputSpecs, LayerDescription, LayerLike } from './layer/layer-like.ts';
export { losable, type LosableBackend } from './losable.ts';
export { opDescriptions } from './ops/index.ts';
export { type Tolerance, tolerances } from './tolerance.ts';
