import { DataError, type Shape, sizeOf, type TypedArray } from '@tessera/core';
import { described, isTypedArray, zerosOf } from './array.ts';
import { joined, type RaggedColumn } from './ragged-column.ts';

interface Arrays {
  readonly uint8: Uint8Array<ArrayBuffer>;
  readonly int8: Int8Array<ArrayBuffer>;
  readonly int32: Int32Array<ArrayBuffer>;
  readonly float32: Float32Array<ArrayBuffer>;
  readonly float64: Float64Array<ArrayBuffer>;
}

const arrays: { readonly [D in keyof Arrays]: new (length: number) => Arrays[D] } = {
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Options of {@link ragged}. */
export interface RaggedOptions<D extends keyof Arrays = keyof Arrays> {
  /** Default: the type of the rows, float32 of plain numbers. */
  readonly dtype?: D;
  /** The shape of one step (default `[]`, a number); `[features]` for rows of vectors, which lie flat in their row. */
  readonly shape?: Shape;
}

/**
 * A column of rows that are unlike in length. A `DataLoader` pads those of each batch to one length.
 *
 * @throws DataError if a row is not whole steps, or a number does not fit the dtype.
 * @example
 * ragged([[5, 2, 9], [7]], { dtype: 'int32' }) // two texts of three tokens and one
 */
export function ragged<A extends TypedArray>(rows: readonly A[], options?: RaggedOptions<never>): RaggedColumn<A>;
export function ragged(rows: readonly (readonly number[])[], options?: RaggedOptions<never>): RaggedColumn<Arrays['float32']>;
export function ragged<D extends keyof Arrays>(rows: readonly ArrayLike<number>[], options: RaggedOptions<D>): RaggedColumn<Arrays[D]>;
export function ragged(rows: readonly ArrayLike<number | bigint>[], { dtype, shape = [] }: RaggedOptions = {}): RaggedColumn {
  const width = sizeOf(shape);
  rows.forEach((row, i) => {
    if (!Array.isArray(row) && !isTypedArray(row))
      throw new DataError(`[ragged] row ${i} must be an array of numbers: got ${described(row)}`);
    if (row.length % width !== 0) {
      throw new DataError(`[ragged] row ${i} must hold whole steps of ${width} numbers: got ${row.length}`);
    }
  });
  const [first] = rows;
  const like = dtype ? new arrays[dtype](0) : first && isTypedArray(first) ? zerosOf(first, 0) : new Float32Array(0);
  const column = joined<TypedArray>(like, rows, shape);
  rows.forEach((row, i) => checkValues(row, column.row(i), i));
  return column;
}

/** A column of whole numbers must hold what was given; one of floats rounds, but takes numbers only. */
function checkValues(row: ArrayLike<unknown>, kept: TypedArray, index: number): void {
  const rounds = kept instanceof Float32Array || kept instanceof Float64Array;
  for (let i = 0; i < row.length; i++) {
    if (row[i] === kept[i] || (rounds && typeof row[i] === 'number')) continue;
    throw new DataError(`[ragged] row ${index} must hold numbers that ${kept[Symbol.toStringTag]} can hold: got ${String(row[i])} at ${i}`);
  }
}
