import { type Backend, type BackendFactory, DeviceLostError } from '@tessera/core';
import { defaultBackend } from '@tessera/tensor';
import type { Callback } from './callback.ts';
import type { Trainer } from './trainer.ts';

/** What is told of a device that was lost: why, what training goes on with, and from where, counted in epochs. */
export interface Restored {
  readonly error: DeviceLostError;
  readonly backend: Backend;
  readonly epoch: number;
}

/** Options of {@link backupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** What training goes on with, in the order in which they are tried: the same once more, another one, or both. */
  readonly backends: readonly BackendFactory[];
  /** Milliseconds between two states that are kept (default 5,000); one is kept at the beginning and after each epoch as well. */
  readonly saveEvery?: number;
  /** Told when a state was taken up on another backend, before training goes on there. */
  readonly onRestore?: (restored: Restored, trainer: Trainer) => void;
}

/**
 * Keeps a state in memory every so often and, when the device is lost, takes it up on another one: `fit` goes on from there as if
 * nothing had happened, and ends with the same numbers where the backend is the same.
 *
 * A backend that was lost again before anything more was kept is passed over, so that what the device cannot bear is not tried for
 * ever; `fit` rejects with the DeviceLostError when none is left. The backend of training becomes the default one, and the lost one is
 * disposed. To get over the end of the process, use `checkpoint` beside it.
 *
 * @see Keras' callback of this name, which keeps the state in a file.
 * @example
 * await trainer.fit(data, { epochs: 20, callbacks: [backupAndRestore({ backends: [webgpu, wasm] })] })
 */
export function backupAndRestore({ backends, saveEvery = 5000, onRestore }: BackupAndRestoreOptions): Callback {
  let kept: { readonly state: Uint8Array; readonly epoch: number } | undefined;
  let keptAt = 0;
  /** Which of the backends were tried since something was learned: those before this one. */
  let tried = 0;

  const keep = async (epoch: number, trainer: Trainer): Promise<void> => {
    kept = { state: await trainer.save(), epoch };
    keptAt = performance.now();
  };
  const keepLearned = async (epoch: number, trainer: Trainer): Promise<void> => {
    await keep(epoch, trainer);
    tried = 0;
  };

  return {
    // A model that the first batch builds has no state before it.
    onTrainBegin: (trainer) => (trainer.learner.begun ? keep(trainer.epoch, trainer) : undefined),
    async onStepEnd({ batch, batches = Infinity }, _, trainer) {
      if (performance.now() - keptAt >= saveEvery) await keepLearned(trainer.epoch + batch / batches, trainer);
    },
    onEpochEnd: (_, __, trainer) => keepLearned(trainer.epoch, trainer),
    async onDeviceLost(error, trainer) {
      if (!kept) return false;
      const lost = defaultBackend();
      const reasons: string[] = [];
      while (tried < backends.length) {
        try {
          const backend = await backends[tried++]!();
          trainer.restore(kept.state, { backend });
          lost.dispose();
          keptAt = performance.now();
          onRestore?.({ error, backend, epoch: kept.epoch }, trainer);
          return true;
        } catch (reason) {
          reasons.push(reason instanceof Error ? reason.message : String(reason));
        }
      }
      if (reasons.length === 0) return false;
      throw new DeviceLostError(`${error.message} Nothing else works: ${reasons.join('; ')}`, { cause: error });
    },
  };
}
