import { DataError, treeFlatten, type TypedArray } from '@tessera/core';
import type { Column } from './column/column.ts';
import type { AnyColumn } from './column/column-tree.ts';
import { isRagged } from './column/ragged-column.ts';
import type { ArrayDataset } from './dataset/array-dataset.ts';
import { permutation } from './shuffle.ts';

/** Options of {@link split}. */
export interface SplitOptions {
  /** Default 0. */
  readonly seed?: number;
  /** The dotted path of a column of class labels whose shares every part is to keep. */
  readonly stratify?: string;
}

/**
 * Splits into parts of the given fractions, shuffled; every example is in exactly one part.
 *
 * @throws DataError if the fractions do not add up to at most 1, or a part would be empty.
 * @example
 * const [train, validation, test] = split(dataset, [0.8, 0.1, 0.1], { seed: 1, stratify: 'y' })
 */
export function split<C>(
  dataset: ArrayDataset<C>,
  fractions: readonly number[],
  { seed = 0, stratify }: SplitOptions = {},
): ArrayDataset<C>[] {
  const total = fractions.reduce((a, b) => a + b, 0);
  if (!fractions.every((fraction) => fraction > 0) || total > 1 + 1e-9) {
    throw new DataError(`[split] fractions must be above 0 and add up to at most 1: got ${fractions.join(', ')}`);
  }
  const order = permutation(dataset.length, seed);
  const strata = stratify === undefined ? [[...order]] : strataOf(order, labelsOf(dataset, stratify));
  const parts: number[][] = fractions.map(() => []);
  // What rounding leaves over in one stratum is carried to the next, so that the parts' sizes are right as well.
  const owed = fractions.map(() => 0);
  for (const members of strata) {
    let taken = 0;
    fractions.forEach((fraction, i) => {
      const last = i === fractions.length - 1 && total > 1 - 1e-9;
      const wanted = members.length * fraction + owed[i]!;
      const count = Math.min(members.length - taken, last ? members.length - taken : Math.round(wanted));
      owed[i] = wanted - count;
      for (const end = taken + count; taken < end; taken++) parts[i]!.push(members[taken]!);
    });
  }
  const empty = parts.findIndex((part) => part.length === 0);
  if (empty >= 0)
    throw new DataError(`[split] every part must have examples: got none for fraction ${fractions[empty]} of ${dataset.length}`);
  // Strata lie one after another in each part: mix them.
  return parts.map((part, i) => dataset.subset(permutation(part.length, seed, i + 1).map((place) => part[place]!)));
}

type Labels = Column<TypedArray | readonly string[]>;

function labelsOf<C>(dataset: ArrayDataset<C>, path: string): Labels {
  const { leaves, paths } = treeFlatten(dataset.columns);
  const column = leaves[paths.indexOf(path)] as AnyColumn | undefined;
  if (!column) throw new DataError(`[split] there must be a column ${path} to stratify by: got ${paths.join(', ')}`);
  if (isRagged(column)) throw new DataError(`[split] the column to stratify by must have rows of one length: got ${path}, a ragged column`);
  return column;
}

/** The examples of each class, in the shuffled order. A row of several numbers counts as one-hot. */
function strataOf(order: Uint32Array, { data, shape }: Labels): number[][] {
  const width = data.length / shape[0]!;
  const strata = new Map<string, number[]>();
  for (const example of order) {
    const label = data.slice(example * width, (example + 1) * width).join();
    const members = strata.get(label);
    if (members) members.push(example);
    else strata.set(label, [example]);
  }
  return [...strata.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
}

/** Options of {@link trainTestSplit}. */
export interface TrainTestSplitOptions extends SplitOptions {
  /** The test set's share, below 1, or its number of examples (default 0.25). */
  readonly testSize?: number;
}

/** Splits in two, as scikit-learn's function of that name: a share of the test set is rounded up. */
export function trainTestSplit<C>(
  dataset: ArrayDataset<C>,
  { testSize = 0.25, ...options }: TrainTestSplitOptions = {},
): [train: ArrayDataset<C>, test: ArrayDataset<C>] {
  const count = testSize < 1 ? Math.ceil(dataset.length * testSize) : testSize;
  if (!Number.isInteger(count) || count < 1 || count >= dataset.length) {
    throw new DataError(
      `[trainTestSplit] testSize must be a share below 1 or a whole number of examples below ${dataset.length}: got ${testSize}`,
    );
  }
  return split(dataset, [1 - count / dataset.length, count / dataset.length], options) as [ArrayDataset<C>, ArrayDataset<C>];
}

/** Options of {@link kFold}. */
export interface KFoldOptions {
  /** How many parts, each of which validates once (default 5). */
  readonly folds?: number;
  /** Whether the examples are shuffled first (default `false`). */
  readonly shuffle?: boolean;
  /** Default 0. */
  readonly seed?: number;
  /** The dotted path of a column of class labels whose shares every part is to keep. */
  readonly stratify?: string;
}

/**
 * The pairs of training and validation sets of cross-validation; every example validates once. The sizes are those of
 * scikit-learn's `KFold`: n mod folds of the parts have one example more.
 *
 * @throws DataError if there are fewer than two parts or more than examples.
 * @example
 * for (const [train, validation] of kFold(dataset, { folds: 5, stratify: 'y' })) …
 */
export function* kFold<C>(
  dataset: ArrayDataset<C>,
  { folds = 5, shuffle = false, seed = 0, stratify }: KFoldOptions = {},
): Generator<[train: ArrayDataset<C>, validation: ArrayDataset<C>]> {
  if (!Number.isInteger(folds) || folds < 2 || folds > dataset.length) {
    throw new DataError(`[kFold] folds must be a whole number from 2 to the ${dataset.length} examples: got ${folds}`);
  }
  const order = shuffle ? permutation(dataset.length, seed) : Uint32Array.from({ length: dataset.length }, (_, i) => i);
  const parts = stratify === undefined ? runs(order, folds) : dealt(strataOf(order, labelsOf(dataset, stratify)), folds);
  for (const part of parts) {
    const held = new Set(part);
    yield [dataset.subset(order.filter((example) => !held.has(example))), dataset.subset(part)];
  }
}

/** Parts one after another, the first of them longer by one where the length does not divide. */
function runs(order: Uint32Array, count: number): number[][] {
  const [length, longer] = [Math.floor(order.length / count), order.length % count];
  return Array.from({ length: count }, (_, i) => {
    const start = i * length + Math.min(i, longer);
    return [...order.subarray(start, start + length + Number(i < longer))];
  });
}

/** The members of each stratum dealt out in turn, each stratum beginning where the one before ended. */
function dealt(strata: readonly number[][], count: number): number[][] {
  const parts = Array.from({ length: count }, (): number[] => []);
  let next = 0;
  for (const members of strata) for (const example of members) parts[next++ % count]!.push(example);
  return parts;
}
