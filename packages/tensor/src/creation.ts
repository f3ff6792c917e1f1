import {
  type Backend,
  checkShape,
  type DType,
  DTypeError,
  formatShape,
  type Shape,
  ShapeError,
  sizeOf,
  toBfloat16,
  toFloat16,
  type TypedArray,
} from '@tessera/core';
import { defaultBackend } from './default-backend.ts';
import { activeDevice, run } from './door.ts';
import { eager } from './eager.ts';
import type { NestedArray } from './nested.ts';
import { op } from './op.ts';
import type { Tensor } from './tensor.ts';

/** Where a new tensor lives and what it holds. */
export interface CreationOptions {
  readonly dtype?: DType;
  readonly backend?: Backend;
}

/** Options of {@link tensor}. */
export interface TensorOptions extends CreationOptions {
  /** The shape of a flat array of elements. */
  readonly shape?: Shape;
}

function backendOf({ backend }: CreationOptions): Backend {
  return backend ?? activeDevice()?.backend ?? defaultBackend();
}

/**
 * A tensor of given elements: numbers or booleans nested in arrays, or a typed array with a shape.
 *
 * Numbers make float32, booleans bool, a typed array its own dtype (Uint16Array needs `dtype`), unless `dtype` says otherwise.
 *
 * @throws ShapeError if the nesting is ragged or the shape does not fit.
 * @example
 * tensor([[1, 2], [3, 4]]) // float32 [2, 2]
 */
export function tensor(values: NestedArray | TypedArray, options: TensorOptions = {}): Tensor {
  const typed = ArrayBuffer.isView(values);
  const shape = checkShape('tensor', options.shape ?? (typed ? [(values as TypedArray).length] : shapeOf(values as NestedArray)));
  const flat = typed ? (values as TypedArray) : flatten(values as NestedArray, options.shape ? undefined : shape);
  if (flat.length !== sizeOf(shape)) {
    throw new ShapeError(`[tensor] shape ${formatShape(shape)} holds ${sizeOf(shape)} elements: got ${flat.length}`);
  }
  const own = typed
    ? dtypeOfArray(values as TypedArray)
    : (flat as unknown[]).every((x) => typeof x === 'boolean') && flat.length > 0
      ? 'bool'
      : 'float32';
  const dtype = options.dtype ?? own;
  if (!dtype) throw new DTypeError(`[tensor] the dtype of ${values.constructor.name} is not clear. Pass { dtype }.`);
  const bytes = typed && (own === dtype || own === undefined) ? bytesOf(values as TypedArray) : encode(flat, dtype);
  return eager(backendOf(options)).upload(bytes, { shape, dtype });
}

function shapeOf(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let at = values; Array.isArray(at); at = at[0] as NestedArray) {
    shape.push(at.length);
    if (at.length === 0) break;
  }
  return shape;
}

function flatten(values: NestedArray, shape: Shape | undefined): (number | boolean)[] {
  const flat: (number | boolean)[] = [];
  const visit = (value: NestedArray, axis: number, path: string): void => {
    if (!Array.isArray(value)) {
      if (shape && axis !== shape.length) throw ragged(path);
      flat.push(value as number | boolean);
      return;
    }
    if (shape && (axis >= shape.length || value.length !== shape[axis])) throw ragged(path);
    value.forEach((child, i) => visit(child, axis + 1, `${path}[${i}]`));
  };
  visit(values, 0, '');
  return flat;
}

function ragged(path: string): ShapeError {
  return new ShapeError(`[tensor] nested arrays must all have one length at each depth: got another at ${path || 'the top'}`);
}

function dtypeOfArray(array: TypedArray): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint8Array) return 'uint8';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof BigInt64Array) return 'int64';
  return undefined;
}

function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function encode(values: ArrayLike<number | boolean | bigint>, dtype: DType): Uint8Array {
  const numbers = Array.from(values, Number);
  switch (dtype) {
    case 'float32':
      return bytesOf(Float32Array.from(numbers));
    case 'float64':
      return bytesOf(Float64Array.from(numbers));
    case 'float16':
      return bytesOf(Uint16Array.from(numbers, toFloat16));
    case 'bfloat16':
      return bytesOf(Uint16Array.from(numbers, toBfloat16));
    case 'int64':
      return bytesOf(BigInt64Array.from(numbers, (x) => BigInt(Math.trunc(x))));
    case 'int32':
      return bytesOf(Int32Array.from(numbers));
    case 'int8':
      return bytesOf(Int8Array.from(numbers));
    case 'uint8':
      return Uint8Array.from(numbers);
    case 'bool':
      return Uint8Array.from(numbers, (x) => (x ? 1 : 0));
  }
}

/** A tensor of one value: float32 unless told otherwise. */
export function full(shape: Shape, value: number | boolean, options: CreationOptions = {}): Tensor {
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32');
  const device = activeDevice() ?? eager(backendOf(options));
  return run('fill', [], { value: Number(value), shape: checkShape('full', shape), dtype }, device)[0]!;
}

export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 0, { dtype: 'float32', ...options });
}

export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 1, { dtype: 'float32', ...options });
}

const like = ({ dtype, backend }: Tensor, options: CreationOptions): CreationOptions => ({ dtype, backend, ...options });

/** Zeros of the shape, dtype and backend of `x`. */
export const zerosLike: (x: Tensor, options?: CreationOptions) => Tensor = op('zerosLike', (x, options = {}) =>
  full(x.shape, 0, like(x, options)),
);

/** Ones of the shape, dtype and backend of `x`. */
export const onesLike: (x: Tensor, options?: CreationOptions) => Tensor = op('onesLike', (x, options = {}) =>
  full(x.shape, 1, like(x, options)),
);

/** One value in the shape, dtype and backend of `x`. */
export const fullLike: (x: Tensor, value: number, options?: CreationOptions) => Tensor = op('fullLike', (x, value, options = {}) =>
  full(x.shape, value, like(x, options)),
);

/**
 * start, start + step, … up to but without stop. With one argument, 0, 1, … stop − 1. int32 when all are whole, else float32.
 *
 * @throws ShapeError if step is 0.
 */
export function arange(start: number, stop?: number, step = 1, options: CreationOptions = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0) throw new ShapeError('[arange] step must not be 0');
  const length = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  return tensor(
    Float64Array.from({ length }, (_, i) => from + i * step),
    { dtype: whole ? 'int32' : 'float32', ...options },
  );
}

/** `count` numbers evenly from start to stop, both included. */
export function linspace(start: number, stop: number, count = 50, options: CreationOptions = {}): Tensor {
  const step = (stop - start) / Math.max(1, count - 1);
  const at = (i: number): number => (i < count / 2 ? start + i * step : stop - (count - 1 - i) * step);
  return tensor(
    Float64Array.from({ length: count }, (_, i) => at(i)),
    { dtype: 'float32', ...options },
  );
}

/** base to the powers of {@link linspace}. */
export function logspace(start: number, stop: number, count = 50, base = 10, options: CreationOptions = {}): Tensor {
  const step = (stop - start) / Math.max(1, count - 1);
  return tensor(
    Float64Array.from({ length: count }, (_, i) => base ** (start + i * step)),
    { dtype: 'float32', ...options },
  );
}

/** Ones on the diagonal, zeros elsewhere: `[rows, columns]`. */
export function eye(rows: number, columns: number = rows, options: CreationOptions = {}): Tensor {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return tensor(values, { shape: [rows, columns], dtype: 'float32', ...options });
}

/** The same tensor on another backend. */
export async function to(x: Tensor, backend: Backend): Promise<Tensor> {
  const data = await x.data();
  return eager(backend).upload(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), { shape: x.shape, dtype: x.dtype });
}
