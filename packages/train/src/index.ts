/**
 * compile, fit, evaluate, predict: the training loop of Tessera.
 *
 * @module @tessera/train
 */

export { backupAndRestore, type BackupAndRestoreOptions, type Restored } from './backup-and-restore.ts';
export type { DeviceBatch } from './batch.ts';
export type { Callback, History, Logs, Place } from './callback.ts';
export { type ColumnsFor, compile, type SupervisedColumns } from './compile.ts';
export { earlyStopping, type EarlyStoppingOptions } from './early-stopping.ts';
export type { Examples, Values, ValuesTree } from './examples.ts';
export { type Evaluation, Learner, type LearnerOptions } from './learner.ts';
export type { BoundMetric, Observation } from './measurement.ts';
export type { CompileOptions, EvaluateOptions, FitOptions, RestoreOptions } from './options.ts';
export type { Gradients, Objective, Outcome, Phase } from './phase.ts';
export { predict, type Predictions } from './predict.ts';
export type { StepOptions } from './step.ts';
export type { LossOf, LossWeightsOf, MetricsOf, Supervised } from './supervised.ts';
export { type Checks, Trainer } from './trainer.ts';
