import type { Callback } from './callback.ts';

/** Options of {@link earlyStopping}. */
export interface EarlyStoppingOptions {
  /** The log to watch (default `'valLoss'`). */
  readonly monitor?: string;
  /** After how many epochs in a row without improvement to stop, as in Keras (default 0: at the first, as 1). */
  readonly patience?: number;
  /** The least change that counts (default 0). */
  readonly minDelta?: number;
  /** Whether less is better; by default so for logs that end in `loss` or `error`. */
  readonly mode?: 'min' | 'max';
  /** Whether the best epoch's state is put back at the end (default `false`). */
  readonly restoreBest?: boolean;
}

/** Stops when a log has not improved for `patience` epochs. */
export function earlyStopping({
  monitor = 'valLoss',
  patience = 0,
  minDelta = 0,
  mode,
  restoreBest = false,
}: EarlyStoppingOptions = {}): Callback {
  const sign = (mode ?? (/(loss|error)$/i.test(monitor) ? 'min' : 'max')) === 'min' ? -1 : 1;
  let best = -Infinity;
  let waited = 0;
  let saved: Uint8Array | undefined;
  return {
    onTrainBegin() {
      best = -Infinity;
      waited = 0;
      saved = undefined;
    },
    async onEpochEnd(_, logs, trainer) {
      const value = logs[monitor];
      if (value === undefined) {
        throw new RangeError(`[earlyStopping] monitor must be one of ${Object.keys(logs).join(', ')}: got ${monitor}`);
      }
      if (sign * value > best + minDelta) {
        best = sign * value;
        waited = 0;
        if (restoreBest) saved = await trainer.save();
      } else if (++waited >= patience) {
        trainer.stop();
      }
    },
    onTrainEnd(_, trainer) {
      if (saved) trainer.restore(saved);
    },
  };
}
