import { DeviceLostError } from '@tessera/core';
import type { DataLoader } from '@tessera/data';
import type { NestedArray } from '@tessera/tensor';
import { type DeviceBatch, disposeBatch, toDevice } from './batch.ts';
import type { Callback, History, Logs, Place } from './callback.ts';
import { EventLoop } from './event-loop.ts';
import type { Learner } from './learner.ts';
import type { Position } from './saved-state.ts';
import { outputName } from './supervised.ts';
import type { Trainer } from './trainer.ts';

/** What a call of `fit` works with. */
export interface FitParts {
  readonly trainer: Trainer;
  readonly learner: Learner<never>;
  readonly loader: DataLoader;
  /** Moved on while it runs. */
  readonly position: Position;
  readonly epochs: number;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | undefined;
  /** Whether a callback has asked to stop. */
  stopped(): boolean;
  /** Looks at the columns of a batch before it goes to the device. */
  check(columns: unknown): void;
  /** Measures the validation data; nothing where there are none. */
  validate(): Promise<Logs>;
}

/** One call of `fit`: epochs of steps, with callbacks told between them. */
export class Fit {
  readonly #parts: FitParts;
  readonly #from: number;
  readonly #logs: Logs[] = [];
  readonly #loop: EventLoop<readonly [Place, Logs]> = new EventLoop();
  #began = 0;
  #examples = 0;

  constructor(parts: FitParts) {
    this.#parts = parts;
    this.#from = parts.position.from ??= parts.position.epoch;
  }

  async run(): Promise<History> {
    const { position, epochs, signal, stopped } = this.#parts;
    const first = position.epoch;
    while (!(await this.#survives(() => this.#tell((callback, trainer) => callback.onTrainBegin?.(trainer)))));
    while (position.epoch < this.#from + epochs && !this.#halted()) {
      if (await this.#survives(() => this.#epoch())) continue;
      // What was learned after the state that was taken up is learned again.
      this.#logs.length = Math.max(0, Math.min(this.#logs.length, position.epoch - first));
    }
    const history: History = { epochs: this.#logs, ended: signal?.aborted ? 'aborted' : stopped() ? 'stopped' : 'done' };
    await this.#tell((callback, trainer) => callback.onTrainEnd?.(history, trainer));
    // One that was aborted can be taken up again; one that is done or was stopped is over.
    if (history.ended !== 'aborted') position.from = null;
    return history;
  }

  async #epoch(): Promise<void> {
    const { learner, loader, position, signal } = this.#parts;
    this.#began = performance.now();
    this.#examples = 0;
    this.#loop.forget();
    if (position.batch === 0 && learner.begun) learner.measurement.reset();
    await this.#tell((callback, trainer) => callback.onEpochBegin?.(this.#place(), trainer));
    const batches = loader.epoch(position.epoch, { skip: position.batch, ...(signal ? { signal } : {}) });
    for await (const { columns, size } of untilAborted(batches, signal)) {
      await this.#learn(columns, size);
      if (this.#halted()) break;
    }
    // An epoch that was halted is over only where its last batch was done.
    if (this.#halted() && position.batch !== loader.batches) return;
    await this.#endEpoch();
  }

  async #learn(columns: unknown, size: number): Promise<void> {
    const { learner, position, check } = this.#parts;
    check(columns);
    const batch = toDevice(columns, size) as DeviceBatch<never>;
    try {
      await learner.learn(batch, { onProgress: (done, all) => this.#warming(done, all) });
    } finally {
      disposeBatch(batch);
    }
    position.batch++;
    this.#examples += size;
    if (!this.#loop.due()) return;
    for (const [place, logs] of await this.#loop.turn(this.#soFar())) {
      await this.#tell((callback, trainer) => callback.onStepEnd?.(place, logs, trainer));
    }
  }

  async #endEpoch(): Promise<void> {
    const { learner, position, validate } = this.#parts;
    const place = this.#place();
    const own = numbersOf(await learner.measurement.read({ complete: true }));
    position.batch = 0;
    position.epoch++;
    const measured = Object.entries(await validate()).map(([name, value]) => [outputName('val', name), value] as const);
    const logs: Logs = { ...own, ...Object.fromEntries(measured) };
    this.#logs.push(logs);
    await this.#tell((callback, trainer) => callback.onEpochEnd?.(place, logs, trainer));
  }

  #halted(): boolean {
    const { signal, stopped } = this.#parts;
    return stopped() || (signal?.aborted ?? false);
  }

  #place(): Place {
    const { position, epochs, loader } = this.#parts;
    return {
      epoch: position.epoch - this.#from,
      epochs,
      batch: position.batch,
      batches: loader.batches,
      examplesPerSecond: this.#examples / Math.max(1e-9, (performance.now() - this.#began) / 1000),
    };
  }

  async #soFar(): Promise<readonly [Place, Logs]> {
    return [this.#place(), numbersOf(await this.#parts.learner.measurement.read())];
  }

  #warming(done: number, all: number): void {
    for (const callback of this.#parts.callbacks) callback.onWarmUp?.(done, all, this.#parts.trainer);
  }

  async #tell(event: (callback: Callback, trainer: Trainer) => void | Promise<void>): Promise<void> {
    for (const callback of this.#parts.callbacks) await event(callback, this.#parts.trainer);
  }

  /** False when the device was lost and a callback moved training to another. */
  async #survives(part: () => Promise<void>): Promise<boolean> {
    const { callbacks, trainer } = this.#parts;
    try {
      await part();
      return true;
    } catch (error) {
      if (!DeviceLostError.is(error)) throw error;
      for (const callback of callbacks) if (await callback.onDeviceLost?.(error, trainer)) return false;
      throw error;
    }
  }
}

/** Items up to the signal: what was learned before is kept, so that being aborted is no error. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** Those values that are one number. */
export function numbersOf(values: Record<string, NestedArray>): Logs {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}
