import { DataError, formatShape, type TypedArray } from '@tessera/core';
import type { Column, ColumnLike } from './column/column.ts';
import { isRagged, type RaggedColumn } from './column/ragged-column.ts';

/** Options of {@link validateLabels}. */
export interface ValidateLabelsOptions {
  /** A label that stands for none, and is not checked. */
  readonly ignore?: number;
  /** What messages call the column (default `labels`). */
  readonly name?: string;
}

type Numbers = ColumnLike | RaggedColumn;

/**
 * Checks class labels: whole numbers from 0 to classes − 1. Shapes: `[N]`, or `[N, T]` for a label per step, of which those past
 * an example's length are not checked.
 *
 * @throws DataError that names the first that is not, and its place.
 */
export function validateLabels(column: Numbers, classes: number, { ignore, name = 'labels' }: ValidateLabelsOptions = {}): void {
  const data = numbersOf('validateLabels', column, name);
  for (let i = 0; i < data.length; i++) {
    const label = Number(data[i]);
    if ((Number.isInteger(label) && label >= 0 && label < classes) || label === ignore || isPadding(column, i)) continue;
    throw new DataError(
      `[validateLabels] ${name} must be whole numbers from 0 to ${classes - 1}: got ${label} for ${placeOf(column, i)}. Check the labels or the model's number of classes.`,
    );
  }
}

/** Checks that every number is finite. @throws DataError that names the first example with one that is not. */
export function validateFinite(column: Numbers, name = 'column'): void {
  const data = numbersOf('validateFinite', column, name);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new DataError(
      `[validateFinite] ${name} must be finite: got ${data[i]} in ${placeOf(column, i)}. Clean the data or leave the example out.`,
    );
  }
}

function numbersOf(where: string, { data }: Numbers, name: string): TypedArray {
  if (!Array.isArray(data)) return data as TypedArray;
  throw new DataError(`[${where}] ${name} must be numbers: got strings. Give every string a number first.`);
}

/** Where an element of a column is, in words. */
function placeOf(column: Numbers, at: number): string {
  if (isRagged(column)) {
    const step = Math.floor(at / (column.data.length / column.offsets[column.length]!));
    const example = column.offsets.findLastIndex((offset) => offset <= step);
    return `example ${example}, step ${step - column.offsets[example]!}`;
  }
  const place: number[] = [];
  for (const length of column.shape.toReversed()) {
    place.unshift(at % length);
    at = Math.floor(at / length);
  }
  const [example, ...inner] = place;
  if (inner.length <= 1) return `example ${example}${inner.length === 1 && column.shape[1]! > 1 ? `, step ${inner[0]}` : ''}`;
  return `example ${example} at ${formatShape(inner)}`;
}

function isPadding(column: Numbers, at: number): boolean {
  if (isRagged(column) || !column.lengths) return false;
  const { data, shape, lengths } = column;
  const perExample = data.length / shape[0]!;
  const step = Math.floor((at % perExample) / (perExample / shape[1]!));
  return step >= lengths[Math.floor(at / perExample)]!;
}

/** Rows of zeros with a one at the label: `[N]` → `[N, classes]`. Steps that are padding have none. */
export function oneHot(labels: ColumnLike<TypedArray>, classes: number): Column<Float32Array<ArrayBuffer>> {
  validateLabels(labels, classes);
  const data = new Float32Array(labels.data.length * classes);
  labels.data.forEach((label: number | bigint, i: number) => {
    if (!isPadding(labels, i)) data[i * classes + Number(label)] = 1;
  });
  return { ...labels, '~column': true, data, shape: [...labels.shape, classes] };
}

/** (x − offset)/divisor as float32: `scale(pixels)` brings bytes to [0, 1]. */
export function scale(
  pixels: ColumnLike<Exclude<TypedArray, BigInt64Array>>,
  { offset = 0, divisor = 255 }: { offset?: number; divisor?: number } = {},
): Column<Float32Array<ArrayBuffer>> {
  const { data } = pixels;
  // A loop takes a twentieth of the time of Float32Array.from with a function, and this runs on every batch.
  const scaled = new Float32Array(data.length);
  for (let i = 0; i < scaled.length; i++) scaled[i] = (data[i]! - offset) / divisor;
  return { ...pixels, '~column': true, data: scaled };
}
