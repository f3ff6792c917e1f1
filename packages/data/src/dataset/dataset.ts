import { DataError } from '@tessera/core';
import type { ColumnTree } from '../column/column-tree.ts';
import type { RandomKey } from '../random-key.ts';

/** Some examples together: a tree of columns whose first axis has length `size`. */
export interface Batch<C = ColumnTree> {
  readonly size: number;
  readonly columns: C;
}

/** What a batch may depend on beside its examples. */
export interface GatherOptions {
  /** The epoch that the batch is for, counted from 0. */
  readonly epoch: number;
  /** The epoch's key: of an example it is `random.split(index)`. */
  readonly random: RandomKey;
}

/** Examples that can be fetched by number, several at a time. */
export interface Dataset<C = ColumnTree> {
  readonly length: number;
  /** The examples at the given places, in that order. */
  gather(indices: ArrayLike<number>, options?: GatherOptions): Batch<C> | Promise<Batch<C>>;
}

/** @throws DataError for a place that is not among the examples. */
export function checkIndices(where: string, indices: ArrayLike<number>, length: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new DataError(`[${where}] there are ${length} examples: got number ${index}`);
    }
  }
}
