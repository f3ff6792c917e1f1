import { treeFlatten, type TypedArray, UsageError } from '@tessera/core';
import { type AnyColumn, ArrayDataset, column, type ColumnLike, type Dataset, IterableDataset, RaggedColumn } from '@tessera/data';
import { isTensor, type Tensor } from '@tessera/tensor';

/** Numbers nested in arrays. */
type Nested = readonly number[] | readonly Nested[];

/** Examples in any form of which one column can be made: a column, a tensor, a typed array, or numbers nested in arrays. */
export type Values = ColumnLike | RaggedColumn | Tensor | TypedArray | Nested;

/** A tree of {@link Values}: one for each input or target. */
export type ValuesTree = Values | readonly ValuesTree[] | { readonly [key: string]: ValuesTree };

/** Examples that are fetched: by number, or as a stream of batches. */
export type Examples<C = unknown> = Dataset<C> | IterableDataset<C>;

/** Whether a value is a dataset rather than columns. */
export function isDataset(value: unknown): value is Examples {
  if (typeof value !== 'object' || value === null || isTensor(value)) return false;
  return typeof (value as Dataset).gather === 'function' && !('~column' in value) ? true : isStream(value);
}

/** Whether a dataset is a stream. */
export function isStream(value: unknown): value is IterableDataset {
  return typeof value === 'object' && value !== null && typeof (value as IterableDataset).batches === 'function' && !('gather' in value);
}

/** How many examples there are; nothing for a stream. */
export function lengthOf(data: Examples): number | undefined {
  return isStream(data) ? undefined : (data as Dataset).length;
}

/**
 * Examples of data in Keras' form: inputs, targets, perhaps weights, each in any form of which columns can be made.
 *
 * @throws UsageError where the targets are missing.
 * @example
 * await datasetOf('fit', [[0, 1], [1, 0]], [1, 0])
 */
export async function datasetOf(where: string, x: unknown, y: unknown, weight?: unknown): Promise<Examples> {
  if (y === undefined) throw new UsageError(`[${where}] data must be a dataset, or inputs and targets: got inputs alone`);
  const columns = { x: await columnsOf(x), y: await columnsOf(y), ...(weight === undefined ? {} : { weight: await columnsOf(weight) }) };
  return new ArrayDataset(columns as never) as unknown as Examples;
}

/** A tree with a column for each of what one can be made of. */
export async function columnsOf(values: unknown): Promise<unknown> {
  if (isTensor(values)) return column((await values.data()) as never, values.shape);
  if (ArrayBuffer.isView(values)) return column(values as never);
  if (Array.isArray(values)) {
    // Tensors or columns in an array are inputs of a model that takes several; numbers and arrays of them are one column.
    const isTree = values.some((one) => typeof one === 'object' && one !== null && !Array.isArray(one) && !ArrayBuffer.isView(one));
    return isTree ? Promise.all(values.map(columnsOf)) : column(values as never);
  }
  if (typeof values !== 'object' || values === null || '~column' in values || isColumnLike(values)) return values;
  const entries = Object.entries(values).map(async ([key, value]) => [key, await columnsOf(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function isColumnLike(value: object): value is ColumnLike {
  return 'data' in value && Array.isArray((value as ColumnLike).shape);
}

/** The columns of data that is in memory. */
export function columnsInMemory(data: Examples): unknown {
  return (data as Partial<ArrayDataset>).columns;
}

/** The columns of a tree with their paths. */
export function columnEntries(columns: unknown): [path: string, column: AnyColumn][] {
  const { leaves, paths } = treeFlatten(columns);
  return leaves.map((leaf, i) => [paths[i]!, leaf as AnyColumn]);
}

/** The shape of an example: `null` for the steps of sequences that are unlike in length. */
export function exampleShape(column: AnyColumn): readonly (number | null)[] {
  return 'offsets' in column ? [null, ...column.stepShape] : column.shape.slice(1);
}
