import type { TypedArray } from '@tessera/core';

const types = { Uint8Array, Int8Array, Uint16Array, Int32Array, BigInt64Array, Float32Array, Float64Array };

/** The names of the typed arrays that a column holds. */
export const arrayNames: string = Object.keys(types).join(', ');

/** A typed array of a kind that a column holds, whatever memory it is a view of. */
export type AnyTypedArray = Uint8Array | Int8Array | Uint16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** The array of the same type as columns hold it. */
export type Held<A> = A extends Uint8Array
  ? Uint8Array<ArrayBuffer>
  : A extends Int8Array
    ? Int8Array<ArrayBuffer>
    : A extends Uint16Array
      ? Uint16Array<ArrayBuffer>
      : A extends Int32Array
        ? Int32Array<ArrayBuffer>
        : A extends BigInt64Array
          ? BigInt64Array<ArrayBuffer>
          : A extends Float32Array
            ? Float32Array<ArrayBuffer>
            : A extends Float64Array
              ? Float64Array<ArrayBuffer>
              : never;

// The tag, not the constructor: it is the same for Node's Buffer and for arrays of other windows.
function nameOf(data: object): string {
  return (data as TypedArray)[Symbol.toStringTag];
}

/** Whether a column can hold it. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && Object.hasOwn(types, nameOf(value));
}

/** Whether it is an array of strings. */
export function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Whether two arrays hold elements of the same type. */
export function sameType(a: TypedArray | readonly string[], b: TypedArray | readonly string[]): boolean {
  return nameOf(a) === nameOf(b);
}

/** An array of zeros of the same type. */
export function zerosOf<A extends TypedArray>(data: A, length: number): A {
  return new types[nameOf(data) as keyof typeof types](length) as A;
}

/** A value that is no column, as messages tell it, and what to do about it. */
export function described(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'a function' : String(value);
  if ('~tensor' in value) return 'a Tensor. Read it first: await tensor.data()';
  if ('~variable' in value) return 'a Variable. Read it first: await variable.read().data()';
  if (Array.isArray(value)) return 'a plain array. column([…]) makes float32 of it, Int32Array.from(…) whole numbers';
  const name = ArrayBuffer.isView(value) ? nameOf(value) : Object.getPrototypeOf(value)?.constructor?.name;
  const told = !name || name === 'Object' ? 'an object' : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
  return isTypedArray(value) ? `${told}. Write column(data, shape)` : told;
}
