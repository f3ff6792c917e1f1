import type { DeviceLostError } from '@tessera/core';
import type { Trainer } from './trainer.ts';

/** What is known after an epoch or a step: `loss`, the metrics by name, and `valLoss` and so on after validation. */
export type Logs = Readonly<Record<string, number>>;

/** Where a run is. */
export interface Place {
  /** Counted from 0 where the fit began. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch. */
  readonly batch: number;
  /** In an epoch; nothing for a stream that does not say. */
  readonly batches: number | undefined;
  /** Examples per second in this epoch, validation not counted. */
  readonly examplesPerSecond: number;
}

/** Told of what happens in `fit`. Each may be asynchronous. */
export interface Callback {
  /** Again where the device is lost in it. */
  onTrainBegin?(trainer: Trainer): void | Promise<void>;
  /**
   * While what a step runs on the device is compiled, before it first runs on a batch of such a shape: how many of its pieces are ready.
   * Not called where the backend compiles nothing.
   */
  onWarmUp?(done: number, all: number, trainer: Trainer): void;
  onEpochBegin?(place: Place, trainer: Trainer): void | Promise<void>;
  /**
   * Between steps, at first after each few and later about 25 times a second, with the logs of the epoch up to this place. A device may
   * meanwhile have come further: it goes on with later steps while they are read.
   */
  onStepEnd?(place: Place, logs: Logs, trainer: Trainer): void | Promise<void>;
  onEpochEnd?(place: Place, logs: Logs, trainer: Trainer): void | Promise<void>;
  /** Whether the trainer was brought back, on another device, to a state from which `fit` goes on; without, it rejects. */
  onDeviceLost?(error: DeviceLostError, trainer: Trainer): boolean | Promise<boolean>;
  onTrainEnd?(history: History, trainer: Trainer): void | Promise<void>;
}

/** What a run has come to. */
export interface History {
  /** The logs of each epoch. */
  readonly epochs: readonly Logs[];
  /** Why it ended: all epochs done, stopped by a callback, or aborted by the signal. What was learned is kept. */
  readonly ended: 'done' | 'stopped' | 'aborted';
}
