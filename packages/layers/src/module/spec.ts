import { type DType, formatShape, type Shape, type Spec, treeFlatten, UsageError } from '@tessera/core';
import { isTensor, isUnknown, knownShape, type Tensor, UNKNOWN } from '@tessera/tensor';

/** Axis lengths without the batch axis, `null` where a length is not known. */
export type AxisLengths = readonly (number | null)[];

/** What is known of an input before it comes: its shape without the batch axis, and its dtype. */
export class TensorSpec implements Spec {
  /** Marks specs, which are leaves of trees. @internal */
  readonly '~spec' = true;
  /** Without the batch axis; a length that is not known is a number for which `isUnknown` holds. */
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(shape: Shape, dtype: DType) {
    this.shape = shape;
    this.dtype = dtype;
  }

  toString(): string {
    return `${this.dtype} ${formatAxes(this.shape)}`;
  }

  toJSON(): { shape: AxisLengths; dtype: DType } {
    return { shape: knownShape(this.shape), dtype: this.dtype };
  }
}

/** Any tree of specs. */
export type Specs = TensorSpec | readonly Specs[] | { readonly [key: string]: Specs };

/** A tree with a spec for each tensor. */
export type SpecsOf<T> = T extends Tensor ? TensorSpec : T extends object ? { readonly [K in keyof T]: SpecsOf<T[K]> } : T;

/** A tree with a spec, or the shape of float32, for each tensor. */
export type SpecsLike<T> = T extends Tensor
  ? TensorSpec | AxisLengths
  : T extends object
    ? { readonly [K in keyof T]: SpecsLike<T[K]> }
    : T;

/**
 * A spec of a shape without the batch axis; `null` for a length that is not known.
 *
 * @example
 * spec([null, 64]) // sequences of 64 features: float32 [N, T, 64]
 * spec([null], 'int32') // token ids [N, T]
 */
export function spec(shape: AxisLengths, dtype: DType = 'float32'): TensorSpec {
  return new TensorSpec(
    shape.map((length) => {
      if (length === null) return UNKNOWN;
      if (Number.isInteger(length) && length >= 0) return length;
      throw new UsageError(`[spec] axis lengths must be whole numbers from 0, or null: got ${length}`);
    }),
    dtype,
  );
}

/** Whether a value is a {@link TensorSpec}. */
export function isSpec(value: unknown): value is TensorSpec {
  return typeof value === 'object' && value !== null && '~spec' in value;
}

/** A tree of specs from one in which shapes may stand for specs of float32. */
export function specsOf(tree: unknown): unknown {
  if (isSpec(tree)) return tree;
  if (Array.isArray(tree))
    return tree.every((one) => one === null || typeof one === 'number') ? spec(tree as AxisLengths) : tree.map(specsOf);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, specsOf(value)]));
}

/** A tree of specs of what their `toJSON` gave. */
export function specsOfJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(specsOfJson);
  const { shape, dtype, ...rest } = json as unknown as ReturnType<TensorSpec['toJSON']>;
  if (typeof dtype === 'string' && Object.keys(rest).length === 0) return spec(shape, dtype);
  return Object.fromEntries(Object.entries(json as object).map(([key, one]) => [key, specsOfJson(one)]));
}

/** The specs of tensors, without their batch axis; other leaves stay as they are. */
export function specsOfTensors(tree: unknown): unknown {
  const { leaves, unflatten } = treeFlatten(tree);
  return unflatten(leaves.map((leaf) => (isTensor(leaf) ? new TensorSpec(leaf.shape.slice(1), leaf.dtype) : leaf)));
}

/** The spec of whole batches, of which the length is not known. */
export function withBatchAxis({ shape, dtype }: TensorSpec): TensorSpec {
  return new TensorSpec([UNKNOWN, ...shape], dtype);
}

/** A shape as messages and tables show it: `?` where a length is not known. */
export function formatAxes(shape: Shape): string {
  return formatShape(shape.map((length) => (isUnknown(length) ? '?' : length)) as never);
}

/** The same with the batch axis as N. */
export function formatBatch(shape: Shape): string {
  return formatAxes(['N' as never, ...shape]);
}
