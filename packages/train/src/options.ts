import type { Backend } from '@tessera/core';
import type { Column, Dataset } from '@tessera/data';
import type { Loss } from '@tessera/losses';
import type { Metric } from '@tessera/metrics';
import type { Optimizer } from '@tessera/optim';
import type { Callback } from './callback.ts';

/** What a model is trained with. */
export interface CompileOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Reported beside the loss. */
  readonly metrics?: readonly Metric[];
  /** How many batches make one update, by the mean of their gradients (default 1). What an epoch leaves over goes on in the next. */
  readonly gradientAccumulationSteps?: number;
  /** Seeds dropout and shuffling (default 0). */
  readonly seed?: number;
  /** The most bytes that temporaries of a captured step may take: what is cheap is then computed again rather than kept. */
  readonly memoryLimit?: number;
  /** Whether steps are captured and replayed (default) or run op by op. */
  readonly eager?: boolean;
}

/** Examples to train on: inputs `x`, targets `y`, and weights `weight` where there are any. */
export type Examples = Dataset<Readonly<Record<string, Column>> & { readonly x: Column; readonly y: Column }>;

/** Options of {@link Trainer.fit}. */
export interface FitOptions {
  /** How many epochs in all; a trainer that was restored goes on from where it was (default 1). */
  readonly epochs?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** Default `true`. */
  readonly shuffle?: boolean;
  readonly validationData?: Examples;
  readonly callbacks?: readonly Callback[];
  /** Stops between two steps; what was learned is kept. */
  readonly signal?: AbortSignal;
}

/** Options of {@link Trainer.evaluate} and {@link Trainer.predict}. */
export interface EvaluateOptions {
  /** Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** Options of {@link Trainer.restore}. */
export interface RestoreOptions {
  /** What training goes on with (default: what it ran on). */
  readonly backend?: Backend;
}
