import { DataError, treeFlatten } from '@tessera/core';
import type { Padded } from '../column/column-tree.ts';
import { isRagged, type RaggedColumn } from '../column/ragged-column.ts';

/** Options of padding. */
export interface PaddingOptions {
  /** The lengths that rows of unlike length are padded to, each batch to the smallest that holds its longest row (default: powers of two from 8). */
  readonly buckets?: readonly number[];
  /** What rows are filled up with; a number for each ragged column by its path where they differ (default 0). */
  readonly padValue?: number | Readonly<Record<string, number>>;
}

/** @throws DataError unless buckets are lengths. */
export function checkBuckets(buckets: readonly number[] | undefined): void {
  if (!buckets || (buckets.length > 0 && buckets.every((length) => Number.isInteger(length) && length >= 1))) return;
  throw new DataError(`[DataLoader] buckets must be whole numbers ≥ 1: got ${buckets.join(', ') || 'none'}`);
}

/** The tree with ragged columns padded. @throws DataError if a row is longer than the largest bucket, or a value does not fit. */
export function padTree<C>(tree: C, { buckets, padValue = 0 }: PaddingOptions): Padded<C> {
  const { leaves, paths, unflatten } = treeFlatten(tree);
  const values = typeof padValue === 'number' ? undefined : padValue;
  for (const path of Object.keys(values ?? {})) {
    const leaf = leaves[paths.indexOf(path)];
    if (!leaf || !isRagged(leaf)) throw new DataError(`[DataLoader] padValue must be for ragged columns: got ${path}, which is none`);
  }
  const padded = leaves.map((leaf, i) => {
    if (!isRagged(leaf as object)) return leaf;
    const column = leaf as RaggedColumn;
    const longest = column.lengths().reduce((most, length) => Math.max(most, length), 0);
    return column.pad(bucketOf(longest, buckets, paths[i]!), values ? values[paths[i]!] : (padValue as number));
  });
  return unflatten(padded) as Padded<C>;
}

function bucketOf(longest: number, buckets: readonly number[] | undefined, path: string): number {
  if (!buckets) {
    let length = 8;
    while (length < longest) length *= 2;
    return length;
  }
  const enough = buckets.filter((length) => length >= longest);
  if (enough.length > 0) return Math.min(...enough);
  throw new DataError(
    `[DataLoader] rows of column ${path} must be at most ${Math.max(...buckets)} steps long, the largest bucket: got ${longest}. Cut them, leave them out, or give a larger bucket.`,
  );
}
