import { DataError, formatShape, type Shape, sizeOf, type TypedArray } from '@tessera/core';
import { type AnyTypedArray, arrayNames, described, type Held, isStrings, isTypedArray } from './array.ts';
import { flattenNested, type NestedNumbers } from './nested.ts';

/** One quantity of every example: a flat array whose first axis counts the examples. It is a leaf of trees. */
export interface Column<A extends TypedArray | readonly string[] = TypedArray> {
  readonly '~column': true;
  readonly data: A;
  readonly shape: Shape;
  /** How many steps of axis 1 of each example are real; the others are padding. */
  readonly lengths?: Int32Array<ArrayBuffer>;
}

/** What is taken for a column: its data and shape, in a plain object or one that {@link column} made. */
export interface ColumnLike<A extends TypedArray | readonly string[] = TypedArray | readonly string[]> {
  readonly data: A;
  readonly shape: Shape;
  readonly lengths?: Int32Array<ArrayBuffer>;
}

/**
 * A column of a typed array, of strings, or of numbers in plain or nested arrays, which become float32.
 *
 * The shape is `[length]` by default, or that of the nesting. The array is kept, not copied.
 *
 * @throws DataError if the shape does not fit, or nested arrays differ in length.
 * @example
 * column(pixels, [1000, 28, 28, 1])
 * column(['a', 'b'])
 * column([[0, 1], [1, 0]]) // shape [2, 2]
 */
export function column<A extends TypedArray>(data: A, shape?: Shape): Column<A>;
export function column<A extends AnyTypedArray>(data: A, shape?: Shape): Column<Held<A>>;
export function column(data: readonly string[], shape?: Shape): Column<readonly string[]>;
export function column(data: NestedNumbers, shape?: Shape): Column<Float32Array<ArrayBuffer>>;
export function column(given: unknown, shape?: Shape): Column<TypedArray | readonly string[]> {
  const numbers = Array.isArray(given) && (given.length === 0 || typeof given[0] !== 'string');
  const { data, shape: own } = numbers ? flattenNested(given as NestedNumbers) : { data: given, shape: undefined };
  return checkColumn('[column] data', { data, shape: shape ?? own ?? [(data as { length?: number }).length ?? 0] });
}

/** The column that a plain object describes. `what` is the message's beginning. @throws DataError if its parts do not fit. */
export function checkColumn(what: string, like: { [K in keyof ColumnLike]?: unknown }): Column<TypedArray | readonly string[]> {
  const { data, lengths } = like;
  const shape = like.shape as Shape;
  if (!isTypedArray(data) && !isStrings(data)) {
    throw new DataError(`${what} must be a typed array (${arrayNames}) or an array of strings: got ${described(data)}`);
  }
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || shape.length === 0) {
    throw new DataError(`${what} must have a shape of whole numbers, the number of examples first: got ${formatShape(shape)}`);
  }
  if (sizeOf(shape) !== data.length) {
    throw new DataError(`${what} of shape ${formatShape(shape)} holds ${sizeOf(shape)} elements: got ${data.length}`);
  }
  if (lengths === undefined) return { '~column': true, data, shape };
  if (!(lengths instanceof Int32Array && lengths.length === shape[0] && lengths.every((n) => n >= 0 && n <= shape[1]!))) {
    throw new DataError(`${what} must have lengths as an Int32Array of ${shape[0]} numbers from 0 to ${shape[1]}, the steps`);
  }
  return { '~column': true, data, shape, lengths: lengths as Int32Array<ArrayBuffer> };
}
