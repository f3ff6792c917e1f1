import { DataError } from '@tessera/core';
import type { Batch, Columns, Dataset } from './array-dataset.ts';
import { permutation } from './shuffle.ts';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions {
  /** Default 32. */
  readonly batchSize?: number;
  /** Whether each epoch has an order of its own (default `false`). */
  readonly shuffle?: boolean;
  /** Default 0. */
  readonly seed?: number;
  /** Whether a last, shorter batch is left out (default `false`). */
  readonly dropLast?: boolean;
  /** How many batches are asked for ahead (default 1). */
  readonly prefetch?: number;
}

/** Options of {@link DataLoader.epoch}. */
export interface EpochOptions {
  /** How many batches to leave out at the start: where a run that is resumed had come to (default 0). */
  readonly skip?: number;
  /** Ends the iteration with the signal's reason, also while a batch is waited for. */
  readonly signal?: AbortSignal;
}

/**
 * Batches of a dataset, epoch by epoch. The order depends on the seed and the epoch alone, so a run can be resumed
 * from two numbers.
 *
 * @throws DataError for an empty dataset.
 * @example
 * for await (const { columns } of new DataLoader(dataset, { batchSize: 64, shuffle: true }).epoch(0)) train(columns)
 */
export class DataLoader<C extends Columns = Columns> {
  readonly dataset: Dataset<C>;
  readonly batchSize: number;
  /** How many batches an epoch has. */
  readonly batches: number;
  readonly #options: DataLoaderOptions;

  constructor(dataset: Dataset<C>, options: DataLoaderOptions = {}) {
    const { batchSize = 32, dropLast = false } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new DataError(`[DataLoader] batchSize must be a whole number ≥ 1: got ${batchSize}`);
    if (dataset.length === 0) throw new DataError('[DataLoader] the dataset must have examples: got none. Check how it was read or split.');
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.batches = dropLast ? Math.floor(dataset.length / batchSize) : Math.ceil(dataset.length / batchSize);
    this.#options = options;
  }

  /** The batches of epoch n, counted from 0. */
  async *epoch(n: number, { skip = 0, signal }: EpochOptions = {}): AsyncGenerator<Batch<C>> {
    const { shuffle = false, seed = 0, prefetch = 1 } = this.#options;
    const order = shuffle ? permutation(this.dataset.length, seed, n) : Uint32Array.from({ length: this.dataset.length }, (_, i) => i);
    const fetch = (batch: number): Promise<Batch<C>> => {
      const pending = Promise.resolve(this.dataset.gather(order.subarray(batch * this.batchSize, (batch + 1) * this.batchSize)));
      // A batch that fails while others are still in use is reported when its turn comes.
      pending.catch(() => {});
      return pending;
    };
    const ahead: Promise<Batch<C>>[] = [];
    for (let batch = skip, next = skip; batch < this.batches; batch++) {
      while (next < this.batches && next <= batch + prefetch) ahead.push(fetch(next++));
      yield await unlessAborted(ahead.shift()!, signal);
    }
  }
}

/** What is pending, or the signal's reason as an error if it comes first. */
async function unlessAborted<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  if (!signal) return pending;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
