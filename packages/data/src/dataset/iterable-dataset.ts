import { DataError } from '@tessera/core';
import { type ColumnLikes, type ColumnsOf, columnsOf, type ColumnTree, countExamples } from '../column/column-tree.ts';
import type { Batch, GatherOptions } from './dataset.ts';

/** What the batches of a stream may depend on. */
export interface StreamOptions extends GatherOptions {
  /** The signal of the epoch, if it has one: what is fetched can stop. */
  readonly signal?: AbortSignal;
}

/** Options of {@link IterableDataset}. */
export interface IterableDatasetOptions {
  /** How many batches an epoch has. Without, an epoch lasts until the stream ends. */
  readonly steps?: number;
}

/** Batches that come one after another. */
export interface IterableDataset<C = ColumnTree> {
  /** How many batches an epoch has, if that is known. */
  readonly steps: number | undefined;
  /** The batches of an epoch; the first `skip` are drawn and dropped. */
  batches(options: StreamOptions & { readonly skip?: number }): AsyncGenerator<Batch<C>>;
}

class Stream<C> implements IterableDataset<C> {
  readonly steps: number | undefined;
  readonly #source: (options: StreamOptions) => Iterable<unknown> | AsyncIterable<unknown>;

  constructor(source: (options: StreamOptions) => Iterable<unknown> | AsyncIterable<unknown>, { steps }: IterableDatasetOptions = {}) {
    if (steps !== undefined && !(Number.isInteger(steps) && steps >= 1)) {
      throw new DataError(`[IterableDataset] steps must be a whole number ≥ 1: got ${steps}`);
    }
    this.steps = steps;
    this.#source = source;
  }

  async *batches({ skip = 0, ...options }: StreamOptions & { readonly skip?: number }): AsyncGenerator<Batch<C>> {
    let came = 0;
    for await (const tree of this.#source(options)) {
      if (came++ >= skip) {
        const columns = columnsOf('IterableDataset', tree);
        yield { size: countExamples('IterableDataset', columns), columns: columns as C };
      }
      if (came === this.steps) return;
    }
    if (this.steps !== undefined) {
      throw new DataError(`[IterableDataset] an epoch must have ${this.steps} batches, its steps: got ${came}, then the stream ended`);
    }
    if (came === 0)
      throw new DataError('[IterableDataset] an epoch must have batches: got none. Every epoch needs an iterator of its own.');
  }
}

/**
 * Makes a dataset of a generator of batches, each a tree of columns: examples that are read from a file, come over a
 * network, or are computed. It is called for every epoch; what it holds open is closed when the epoch ends early.
 *
 * @throws DataError, when its turn comes, for a batch that is no tree of columns, or a stream that ends before `steps`.
 * @example
 * new IterableDataset(async function* ({ random }) {
 *   for await (const lines of readLines('log.csv')) yield { x: column(lines.map(parse)) };
 * }, { steps: 100 })
 */
export const IterableDataset: new <T>(
  source: (options: StreamOptions) => Iterable<T & ColumnLikes<T>> | AsyncIterable<T & ColumnLikes<T>>,
  options?: IterableDatasetOptions,
) => IterableDataset<ColumnsOf<NoInfer<T>>> = Stream as never;
