/**
 * Traces a function of tensors once and replays it as one plan.
 *
 * @module @tessera/capture
 */

export { capture, type Captured, type CaptureOptions, type WarmUpOptions } from './capture.ts';
export { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
