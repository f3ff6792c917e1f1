import { formatShape, type Shape, ShapeError, sizeOf } from '@tessera/core';
import { isUnknown, type Tensor, UNKNOWN, zeros } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import { formatBatch } from '../module/spec.ts';
import type { Option, Options, Resolved } from '../options/option.ts';

type Config = ModuleOptions & { readonly shape: Shape };

const target: Option<Shape> = {
  must: 'an array of axis lengths, of which one may be -1',
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((length) => Number.isInteger(length) && length >= -1) &&
    value.filter((length) => length === -1).length <= 1,
};

/**
 * The elements of each example in another shape, of which one axis may be −1: it is found from the others.
 *
 * Shapes: x `[N, ...S]` → `[N, ...shape]`, with as many elements.
 *
 * @throws ShapeError if an example of x has another number of elements.
 * @example
 * new Reshape([7, 7, -1]).apply(x) // [N, 49·C] → [N, 7, 7, C]
 */
export class Reshape extends Module {
  static readonly className = 'Reshape';
  static readonly positional: readonly string[] = ['shape'];
  static readonly options: Options<Config> = { shape: target };
  declare readonly options: Resolved<Config>;

  constructor(shape: Shape, options: ModuleOptions = {}) {
    super({ ...options, shape });
  }

  override call(x: Tensor): Tensor {
    const { shape } = this.options;
    const [batch, ...example] = x.shape as [number, ...number[]];
    const given = sizeOf(shape.filter((length) => length !== -1));
    const free = shape.includes(-1) ? Math.floor(sizeOf(example) / given) : 1;
    const fits = given * free === sizeOf(example);
    const lengths = [batch, ...shape.map((length) => (length === -1 ? (fits ? free : UNKNOWN) : length))];
    if (fits) return x.reshape(lengths);
    // An unknown length may turn out to fit, which the call with elements will show. Until then only the shape counts.
    if (example.some(isUnknown)) return zeros(lengths, { dtype: x.dtype, backend: x.backend });
    throw new ShapeError(`[Reshape] shape must hold all elements of an example: got ${formatBatch(example)} and ${formatShape(shape)}`);
  }
}
