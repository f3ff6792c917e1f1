import { DataError } from '@tessera/core';
import type { ColumnTree, Padded } from '../column/column-tree.ts';
import type { Batch, Dataset, GatherOptions } from '../dataset/dataset.ts';
import type { IterableDataset } from '../dataset/iterable-dataset.ts';
import { RandomKey } from '../random-key.ts';
import { permutation } from '../shuffle.ts';
import { checkBuckets, type PaddingOptions, padTree } from './padding.ts';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions extends PaddingOptions {
  /** Default 32. */
  readonly batchSize?: number;
  /** Whether each epoch has an order of its own (default `false`). */
  readonly shuffle?: boolean;
  /** Seeds the order, and what a dataset draws for an epoch (default 0). */
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
 * from two numbers. Ragged columns come padded, with the rows' `lengths`. An `IterableDataset` makes its own batches: they come as
 * they are, and resuming draws again those that are skipped.
 *
 * @throws DataError for an empty dataset, or for `batchSize`, `shuffle` or `dropLast` with an `IterableDataset`.
 * @example
 * for await (const { columns } of new DataLoader(dataset, { batchSize: 64, shuffle: true }).epoch(0)) train(columns)
 */
export class DataLoader<C = ColumnTree> {
  readonly dataset: Dataset<C> | IterableDataset<C>;
  /** The most examples that a batch has; undefined where the dataset makes its own batches. */
  readonly batchSize: number | undefined;
  /** How many batches an epoch has; undefined where that shows when the epoch ends. */
  readonly batches: number | undefined;
  readonly #options: DataLoaderOptions;

  constructor(dataset: Dataset<C> | IterableDataset<C>, options: DataLoaderOptions = {}) {
    checkBuckets(options.buckets);
    this.dataset = dataset;
    this.#options = options;
    if (!isIndexed(dataset)) {
      const given = (['batchSize', 'shuffle', 'dropLast'] as const).find((name) => options[name]);
      if (given) {
        throw new DataError(
          `[DataLoader] an IterableDataset makes its own batches, in its own order: got ${given} ${options[given]}. Leave it out.`,
        );
      }
      this.batches = dataset.steps;
      return;
    }
    const { batchSize = 32, dropLast = false } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new DataError(`[DataLoader] batchSize must be a whole number ≥ 1: got ${batchSize}`);
    if (dataset.length === 0) throw new DataError('[DataLoader] the dataset must have examples: got none. Check how it was read or split.');
    this.batchSize = batchSize;
    this.batches = dropLast ? Math.floor(dataset.length / batchSize) : Math.ceil(dataset.length / batchSize);
  }

  /** The batches of epoch n, counted from 0. */
  async *epoch(n: number, { skip = 0, signal }: EpochOptions = {}): AsyncGenerator<Batch<Padded<C>>> {
    const { seed = 0, prefetch = 1 } = this.#options;
    // The order is drawn from the seed and the epoch as well: what datasets draw is split off by a name.
    const options: GatherOptions = { epoch: n, random: RandomKey.fromSeed(seed).split('examples').split(n) };
    const source: Source<C> = isIndexed(this.dataset)
      ? this.#indexed(this.dataset, skip, options)
      : this.dataset.batches({ ...options, skip, ...(signal && { signal }) });
    const ahead: Promise<IteratorResult<Batch<C>, unknown>>[] = [];
    try {
      for (;;) {
        while (ahead.length <= prefetch) {
          const pending = source.next();
          // A batch that fails while others are still in use is reported when its turn comes.
          pending.catch(() => {});
          ahead.push(pending);
        }
        const { done, value } = await unlessAborted(ahead.shift()!, signal);
        if (done) return;
        yield { size: value.size, columns: padTree(value.columns, this.#options) };
      }
    } finally {
      const closed = source.return(undefined);
      closed.catch(() => {});
      // A stream that hangs is not waited for where the signal ended the epoch.
      if (!signal?.aborted) await closed;
    }
  }

  #indexed(dataset: Dataset<C>, skip: number, options: GatherOptions): Source<C> {
    const { shuffle = false, seed = 0 } = this.#options;
    const { length } = dataset;
    const order = shuffle ? permutation(length, seed, options.epoch) : Uint32Array.from({ length }, (_, i) => i);
    let next = skip;
    const end = { done: true, value: undefined } as const;
    return {
      // Not a generator: batches that are asked for ahead are fetched at the same time.
      next: async () => {
        if (next >= this.batches!) return end;
        const start = next++ * this.batchSize!;
        return { done: false, value: await dataset.gather(order.subarray(start, start + this.batchSize!), options) };
      },
      return: async () => end,
    };
  }
}

/** What the batches of an epoch come from. */
interface Source<C> {
  next(): Promise<IteratorResult<Batch<C>, unknown>>;
  return(value: undefined): Promise<unknown>;
}

function isIndexed<C>(dataset: Dataset<C> | IterableDataset<C>): dataset is Dataset<C> {
  return 'gather' in dataset;
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
