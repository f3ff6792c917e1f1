/**
 * Optimizers and learning-rate schedules for Tessera.
 *
 * @module @tessera/optim
 */

export { adagrad, type AdagradOptions, type AdagradState } from './adagrad.ts';
export { adam, type AdamOptions, type AdamState, adamw } from './adam.ts';
export { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from './clip.ts';
export { type Group, groups } from './groups.ts';
export type { Progress, Schedule } from './learning-rate.ts';
export { applyUpdates, chain, type Optimizer, type Parameters } from './optimizer.ts';
export { constant, cosineDecay, stepDecay, warmup } from './schedules.ts';
export { sgd, type SgdOptions, type SgdState } from './sgd.ts';
