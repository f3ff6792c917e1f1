import { accuracy, confusionMatrix } from '@tessera/metrics';
import type { Callback, Examples, Logs, Place, Trainer } from '@tessera/train';
import type { FromWorker } from '../messages.ts';
import { CLASSES } from './picture-sets.ts';

/** Milliseconds of training between two reports on it, and between two measurements: at first, when much changes, and at most. */
const LEARNED_EVERY = [80, 640] as const;
const MEASURED_EVERY = [200, 3200] as const;
/** Between two measurements training has so many times the time that one took, however slow the device is. */
const SPACED = 3;

/** How far training is, in epochs. */
const epochOf = ({ epoch, batch, batches }: Place): number => epoch + batch / batches!;

/** Options of {@link report}. */
export interface ReportOptions {
  readonly heldOut: Examples;
  readonly batchSize: number;
  /** Milliseconds of training, without pauses. */
  readonly now: () => number;
  readonly post: (message: FromWorker) => void;
  /** Ends a measurement that is under way. */
  readonly signal: AbortSignal;
}

/** Posts how the last steps went, and now and then what the model makes of the held-out pictures. */
export function report({ heldOut, batchSize, now, post, signal }: ReportOptions): Callback {
  /** Where the last report ended: batches of this epoch, and sums over them, since the logs are means over the epoch. */
  let since = { time: 0, batch: 0, loss: 0, accuracy: 0 };
  let measuredAt = 0;
  let spacing = 0;
  let learnedEvery: number = LEARNED_EVERY[0];
  let measuredEvery: number = MEASURED_EVERY[0];
  let begun = false;

  const learned = (place: Place, means: Logs): void => {
    const { batch } = place;
    const steps = batch - since.batch;
    if (steps === 0) return;
    const next = { time: now(), batch, loss: means['loss']! * batch, accuracy: means['accuracy']! * batch };
    const [loss, accuracy] = [(next.loss - since.loss) / steps, (next.accuracy - since.accuracy) / steps];
    const examplesPerSecond = ((steps * batchSize) / (next.time - since.time)) * 1000;
    since = next;
    // In an epoch that was taken up midway the first sums are those of what was learned before as well.
    if (!Number.isNaN(loss)) post({ type: 'learned', point: { epoch: epochOf(place), loss, accuracy }, examplesPerSecond });
  };
  const measured = async (epoch: number, trainer: Trainer): Promise<void> => {
    const began = now();
    try {
      const values = await trainer.measure(heldOut, [accuracy(), confusionMatrix(CLASSES)], { signal });
      const { confusionMatrix: matrix, ...point } = values as { loss: number; accuracy: number; confusionMatrix: number[][] };
      post({ type: 'measured', point: { epoch, ...point }, matrix });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    measuredAt = now();
    spacing = SPACED * (measuredAt - began);
    since = { ...since, time: measuredAt };
  };

  return {
    async onTrainBegin(trainer) {
      if (!begun) await measured(trainer.epoch, trainer);
      begun = true;
    },
    onEpochBegin({ batch }) {
      const sum = batch === 0 ? 0 : Number.NaN;
      since = { time: now(), batch, loss: sum, accuracy: sum };
    },
    async onStepEnd(place, logs, trainer) {
      if (now() - since.time < learnedEvery) return;
      learnedEvery = Math.min(LEARNED_EVERY[1], 1.1 * learnedEvery);
      learned(place, logs);
      if (now() - measuredAt < Math.max(measuredEvery, spacing)) return;
      measuredEvery = Math.min(MEASURED_EVERY[1], 2 * measuredEvery);
      await measured(epochOf(place), trainer);
    },
    async onEpochEnd(place, logs, trainer) {
      learned(place, logs);
      await measured(place.epoch + 1, trainer);
    },
  };
}
