import { DataError, formatShape, type Shape, sizeOf } from '@tessera/core';

/** Numbers in arrays, nested to any depth. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/** Nested arrays laid flat as float32. @throws DataError if arrays at one depth differ in length, or hold other things than numbers. */
export function flattenNested(nested: NestedNumbers): { readonly data: Float32Array<ArrayBuffer>; readonly shape: Shape } {
  const shape: number[] = [];
  for (let inner: unknown = nested; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  const data = new Float32Array(sizeOf(shape));
  let next = 0;
  const visit = (value: unknown, place: readonly number[]): void => {
    const depth = place.length;
    if (depth === shape.length) {
      if (typeof value !== 'number')
        throw new DataError(`[column] nested arrays must hold numbers: got ${told(value)} at ${formatShape(place)}`);
      data[next++] = value;
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[depth]) {
      const got = Array.isArray(value) ? `${shape[depth]} and ${value.length}` : `${shape[depth]} and ${told(value)}`;
      throw new DataError(
        `[column] nested arrays must be of one length at each depth: got ${got} at ${formatShape(place)}. For rows of unlike length: ragged(rows)`,
      );
    }
    value.forEach((child: unknown, i) => visit(child, [...place, i]));
  };
  visit(nested, []);
  return { data, shape };
}

function told(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? `an array of ${value.length}` : String(value);
}
