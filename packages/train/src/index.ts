/**
 * compile, fit, evaluate, predict: the training loop of Tessera.
 *
 * @module @tessera/train
 */

export { backupAndRestore, type BackupAndRestoreOptions, type Restored } from './backup-and-restore.ts';
export type { Callback, History, Logs, Place } from './callback.ts';
export { earlyStopping, type EarlyStoppingOptions } from './early-stopping.ts';
export type { CompileOptions, EvaluateOptions, Examples, FitOptions, RestoreOptions } from './options.ts';
export { compile, Trainer } from './trainer.ts';
