import {
  type Buffer,
  type DType,
  fromBfloat16,
  fromFloat16,
  type Operand,
  sizeOf,
  toBfloat16,
  toFloat16,
  type TypedArray,
  typedArray,
} from '@tessera/core';

/** A buffer of this backend: plain bytes. */
export interface CpuBuffer extends Buffer {
  readonly bytes: Uint8Array;
}

/** The typed array over the whole buffer of an operand. */
export function elementsOf({ buffer, dtype }: Operand): TypedArray {
  return typedArray(dtype, new Uint8Array((buffer as CpuBuffer).bytes.buffer as ArrayBuffer));
}

/** How an element of a dtype becomes a number. */
export function reader(dtype: DType): (element: number | bigint) => number {
  if (dtype === 'float16') return (bits) => fromFloat16(bits as number);
  if (dtype === 'bfloat16') return (bits) => fromBfloat16(bits as number);
  return Number;
}

/** How a number becomes an element of a dtype: integers are truncated and saturated, NaN becomes 0. */
export function writer(dtype: DType): (value: number) => number | bigint {
  switch (dtype) {
    case 'bool':
      return (value) => (value !== 0 ? 1 : 0);
    case 'float16':
      return toFloat16;
    case 'bfloat16':
      return toBfloat16;
    case 'int64':
      return (value) => BigInt.asIntN(64, BigInt(saturate(value, -(2 ** 63), 2 ** 63 - 1024)));
    case 'int32':
      return (value) => saturate(value, -(2 ** 31), 2 ** 31 - 1);
    case 'int8':
      return (value) => saturate(value, -128, 127);
    case 'uint8':
      return (value) => saturate(value, 0, 255);
    default:
      return (value) => value;
  }
}

function saturate(value: number, least: number, most: number): number {
  return Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, least), most));
}

/** Where each element of an operand lies in its buffer, in row-major order. */
export function placesOf({ view: { shape, strides, offset } }: Operand): Int32Array | Float64Array {
  const size = sizeOf(shape);
  const places = new Float64Array(size);
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  let place = offset;
  for (let i = 0; i < size; i++) {
    places[i] = place;
    for (let axis = rank - 1; axis >= 0; axis--) {
      place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return places;
}

/** Writes numbers computed in double precision, rounded once to the dtype; int32 wraps around. */
export function store(output: Operand, values: ArrayLike<number>): void {
  const to = elementsOf(output) as Float32Array;
  const { offset } = output.view;
  for (let i = 0; i < values.length; i++) to[offset + i] = values[i];
}
