import { DataError, type Tree, treeFlatten, type TypedArray } from '@tessera/core';
import { described } from './array.ts';
import { checkColumn, type Column, type ColumnLike } from './column.ts';
import { isRagged, type RaggedColumn } from './ragged-column.ts';

/** A leaf of a tree of columns. */
export type AnyColumn = Column<TypedArray | readonly string[]> | RaggedColumn;

/** Columns of the same examples, nested in records and arrays: `{ x: { user, item }, y }`. */
export type ColumnTree = Tree<AnyColumn>;

type Leaf = ColumnLike | RaggedColumn;
type NoColumn =
  | TypedArray
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | ((...inputs: never[]) => unknown)
  | { readonly '~tensor': true }
  | { readonly '~variable': true };

/** A tree of what is taken for columns. Where `T` has something else, this has a column, so that it does not compile. */
export type ColumnLikes<T> = T extends Leaf ? T : T extends NoColumn ? ColumnLike : { readonly [K in keyof T]: ColumnLikes<T[K]> };

/** The tree with columns in place of plain objects. */
export type ColumnsOf<T> = ColumnTree extends T ? ColumnTree : Made<T>;
type Made<T> = T extends RaggedColumn ? T : T extends ColumnLike<infer A> ? Column<A> : { readonly [K in keyof T]: ColumnsOf<T[K]> };

/** The tree as a loader gives it: ragged columns padded. */
export type Padded<T> = ColumnTree extends T ? ColumnTree : Filled<T>;
type Filled<T> = T extends RaggedColumn<infer A> ? Column<A> : T extends Column<infer _> ? T : { readonly [K in keyof T]: Padded<T[K]> };

/** Makes columns of plain objects in a tree. @throws DataError that names the first leaf that is none, by its path. */
export function columnsOf<T>(where: string, tree: T): ColumnsOf<T> {
  const visit = (value: unknown, path: string): unknown => {
    const what = `[${where}] column${path && ` ${path}`}`;
    if (typeof value === 'object' && value !== null) {
      if (isRagged(value)) return value;
      if ('~column' in value || isColumnLike(value)) return checkColumn(what, value);
      const at = (key: string | number): string => (path ? `${path}.${key}` : `${key}`);
      if (Array.isArray(value) && !holdsNumbers(value)) return value.map((child, i) => visit(child, at(i)));
      if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child, at(key))]));
    }
    throw new DataError(`${what} must be a column or { data, shape }: got ${described(value)}`);
  };
  return visit(tree, '') as ColumnsOf<T>;
}

/** How many examples a column has. */
function lengthOf(column: AnyColumn): number {
  return isRagged(column) ? column.length : column.shape[0]!;
}

/** How many examples the columns have. @throws DataError unless all have as many. */
export function countExamples(where: string, tree: unknown): number {
  const { leaves, paths } = treeFlatten(tree);
  const lengths = leaves.map((leaf) => lengthOf(leaf as AnyColumn));
  if (new Set(lengths).size !== 1) {
    const told = paths.map((path, i) => `${path} ${lengths[i]}`).join(', ');
    throw new DataError(`[${where}] columns must have as many examples: got ${told || 'no columns'}`);
  }
  return lengths[0]!;
}

// A record with columns named data and shape is a branch: there the shape is no array.
function isColumnLike(value: object): boolean {
  return (
    isRecord(value) && 'data' in value && 'shape' in value && Array.isArray(value.shape) && value.shape.every((n) => typeof n === 'number')
  );
}

function isRecord(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) && !('~tensor' in value) && !('~variable' in value);
}

function holdsNumbers(array: readonly unknown[]): boolean {
  let inner: unknown = array;
  while (Array.isArray(inner) && inner.length > 0) inner = inner[0];
  return typeof inner !== 'object';
}
