import type { Backend } from '@tessera/core';
import type { Loss } from '@tessera/losses';
import type { Optimizer } from '@tessera/optim';
import type { Callback } from './callback.ts';
import type { Examples, ValuesTree } from './examples.ts';
import type { Phase } from './phase.ts';
import type { StepOptions } from './step.ts';
import type { LossOf, LossWeightsOf, MetricsOf, Supervised } from './supervised.ts';

/** What a model is trained with. */
export interface CompileOptions<O = never> extends StepOptions, Pick<Phase<Supervised>, 'transform' | 'exchange'> {
  /** A loss, or one for each named output. */
  readonly loss: [O] extends [never] ? Loss : LossOf<O>;
  /** Factors of the losses of named outputs (default 1). */
  readonly lossWeights?: LossWeightsOf<O> | undefined;
  readonly optimizer: Optimizer;
  /** Reported beside the loss; by output where there are several. */
  readonly metrics?: ([O] extends [never] ? MetricsOf<unknown> : MetricsOf<O>) | undefined;
  /** How many batches make one update, by the mean of their gradients (default 1). What an epoch leaves over goes on in the next. */
  readonly gradientAccumulationSteps?: number | undefined;
  /** Seeds dropout and shuffling (default 0). */
  readonly seed?: number | undefined;
}

/** Options of {@link Trainer.fit}. */
export interface FitOptions {
  /** How many epochs from this call on (default 1). A fit that takes up one that was interrupted ends where that one would have. */
  readonly epochs?: number | undefined;
  /** Default 32; streams decide it themselves. */
  readonly batchSize?: number | undefined;
  /** Default `true`; streams have an order of their own. */
  readonly shuffle?: boolean | undefined;
  /** A dataset, or inputs, targets and perhaps weights. */
  readonly validationData?: Examples | readonly [x: ValuesTree, y: ValuesTree, weight?: ValuesTree] | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** To what lengths batches of ragged columns are padded: see DataLoader. */
  readonly buckets?: readonly number[] | undefined;
  /** Stops between two steps; what was learned is kept. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Trainer.evaluate} and {@link predict}. */
export interface EvaluateOptions {
  /** Default 32. */
  readonly batchSize?: number | undefined;
  /** To what lengths batches of ragged columns are padded: see DataLoader. */
  readonly buckets?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Trainer.restore}. */
export interface RestoreOptions {
  /** What training goes on with (default: what it ran on). */
  readonly backend?: Backend | undefined;
}
