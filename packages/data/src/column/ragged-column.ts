import { DataError, type Shape, sizeOf, type TypedArray } from '@tessera/core';
import { checkIndices } from '../dataset/dataset.ts';
import { zerosOf } from './array.ts';
import type { Column } from './column.ts';

/**
 * A column whose examples are unlike in length: texts, series. The steps of all lie end to end. {@link ragged} makes one;
 * a `DataLoader` pads the rows of each batch to one length.
 */
export class RaggedColumn<A extends TypedArray = TypedArray> {
  readonly '~column' = true;
  /** The steps of all examples, end to end. */
  readonly data: A;
  /** Which step each example begins with, and after the last the number of all. */
  readonly offsets: Uint32Array;
  /** The shape of one step: `[]` for a number, `[features]` for a vector. */
  readonly stepShape: Shape;

  constructor(data: A, offsets: Uint32Array, stepShape: Shape = []) {
    this.data = data;
    this.offsets = offsets;
    this.stepShape = stepShape;
  }

  /** How many examples there are. */
  get length(): number {
    return this.offsets.length - 1;
  }

  /** How many steps each example has. */
  lengths(): Int32Array<ArrayBuffer> {
    return Int32Array.from({ length: this.length }, (_, i) => this.offsets[i + 1]! - this.offsets[i]!);
  }

  /** The numbers of one example, as a view. */
  row(index: number): A {
    const width = sizeOf(this.stepShape);
    return this.data.subarray(this.offsets[index]! * width, this.offsets[index + 1]! * width) as A;
  }

  /** The examples at the given places, copied. */
  gather(indices: ArrayLike<number>): RaggedColumn<A> {
    checkIndices('RaggedColumn', indices, this.length);
    return joined(
      this.data,
      Array.from(indices, (index) => this.row(index)),
      this.stepShape,
    );
  }

  /** The rows of this column, then those of the others. */
  concat(...others: readonly RaggedColumn<A>[]): RaggedColumn<A> {
    const rows = [this, ...others].flatMap((column) => Array.from({ length: column.length }, (_, i) => column.row(i)));
    return joined(this.data, rows, this.stepShape);
  }

  /** All rows at one length, which must not be below the longest: `[N, steps, ...stepShape]`, filled up with `value`. @throws DataError if `value` does not fit the type. */
  pad(steps: number, value = 0): Column<A> {
    const width = sizeOf(this.stepShape);
    const data = zerosOf(this.data, this.length * steps * width);
    if (value !== 0) data.fill((data instanceof BigInt64Array ? BigInt(value) : value) as never);
    const isFloat = data instanceof Float32Array || data instanceof Float64Array;
    if (!isFloat && data.length > 0 && Number(data[0]) !== value) {
      throw new DataError(`[RaggedColumn] padding must be a number that ${data[Symbol.toStringTag]} can hold: got ${value}`);
    }
    for (let i = 0; i < this.length; i++) data.set(this.row(i) as never, i * steps * width);
    return { '~column': true, data, shape: [this.length, steps, ...this.stepShape], lengths: this.lengths() };
  }
}

/** Rows laid end to end in an array of the type of `like`. */
export function joined<A extends TypedArray>(like: A, rows: readonly ArrayLike<number | bigint>[], stepShape: Shape): RaggedColumn<A> {
  const width = sizeOf(stepShape);
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) offsets[i + 1] = offsets[i]! + rows[i]!.length / width;
  const data = zerosOf(like, offsets[rows.length]! * width);
  for (let i = 0; i < rows.length; i++) data.set(rows[i] as never, offsets[i]! * width);
  return new RaggedColumn(data, offsets, stepShape);
}

/** Whether a leaf is ragged; by what it has, since two copies of this package may be loaded. */
export function isRagged(value: object): value is RaggedColumn {
  return '~column' in value && 'offsets' in value;
}
