import { type Backend, type BackendFactory, DeviceError } from '@tessera/core';
import { bestBackend, setDefaultBackend } from '@tessera/tensor';
import type { Callback, Examples, FitOptions, History, Trainer } from '@tessera/train';

/** What is told of a device that was lost: why, what training goes on with, and from where, counted in epochs. */
export interface Loss {
  readonly error: DeviceError;
  readonly backend: Backend;
  readonly epoch: number;
}

/** Options of {@link fitThroughLosses}. */
export interface ThroughLossesOptions extends FitOptions {
  /** In the order in which they are tried, at first and after each loss. */
  readonly backends: readonly BackendFactory[];
  /** Makes the trainer, on the default backend. */
  readonly make: () => Trainer;
  /** Milliseconds between two states that are kept (default 5,000); one is kept after each epoch as well. */
  readonly keepEvery?: number;
  readonly onDevice?: (backend: Backend, trainer: Trainer) => void;
  readonly onLoss?: (loss: Loss) => void;
}

/**
 * Trains on devices that may be lost: what was learned up to the last state that was kept is taken to the next device.
 *
 * @throws DeviceError if a device is lost before anything more was learned than on the one before, or none works.
 */
export async function fitThroughLosses(
  data: Examples,
  { backends, make, keepEvery = 5000, onDevice, onLoss, callbacks = [], ...options }: ThroughLossesOptions,
): Promise<History> {
  let kept: { state: Uint8Array; epoch: number } | undefined;
  let lost: DeviceError | undefined;
  for (;;) {
    const backend = await bestBackend(backends);
    setDefaultBackend(backend);
    const trainer = make();
    if (kept) trainer.restore(kept.state);
    onDevice?.(backend, trainer);
    if (lost) onLoss?.({ error: lost, backend, epoch: kept?.epoch ?? 0 });

    const before = kept;
    let keptAt = performance.now();
    const keep = async (epoch: number): Promise<void> => {
      kept = { state: await trainer.save(), epoch };
      keptAt = performance.now();
    };
    const keeping: Callback = {
      async onStepEnd({ epoch, batch, batches }) {
        if (performance.now() - keptAt >= keepEvery) await keep(epoch + batch / batches);
      },
      onEpochEnd: () => keep(trainer.epoch),
    };
    try {
      return await trainer.fit(data, { ...options, callbacks: [keeping, ...callbacks] });
    } catch (error) {
      if (!DeviceError.is(error) || (lost && kept === before)) throw error;
      lost = error;
      backend.dispose();
    }
  }
}
