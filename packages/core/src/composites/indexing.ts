import { normalizeAxis } from '../axis.ts';
import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectInt32 } from '../primitives/expect.ts';
import { formatShape, type Shape, sizeOf } from '../shape.ts';
import { contiguousStrides } from '../view.ts';

/** Attributes of {@link takeAlongAxis}. */
export interface AlongAxisAttributes {
  readonly axis: number;
}

/** The place in row-major order of a tensor of that shape which each index along the axis stands for. */
function places<T extends Spec>(b: Builder<T>, indices: T, shape: Shape, axis: number): T {
  const strides = contiguousStrides(shape);
  return indices.shape.reduce(
    (sum: T, _, a) => (a === axis ? sum : b.add(sum, b.mul(b.iota(indices.shape, a, 'int32'), strides[a]!))),
    b.mul(indices, strides[axis]!),
  );
}

/** y[i, j, k] = x[i, indices[i, j, k], k] for axis 1, and likewise for others. Shapes: x and indices differ only on the axis. */
export const takeAlongAxis: Composite<AlongAxisAttributes> = {
  name: 'takeAlongAxis',
  check([x, indices], { axis }) {
    expectInt32('takeAlongAxis', 'indices', indices!);
    normalizeAxis('takeAlongAxis', axis, x!.shape);
    const fits = x!.shape.length === indices!.shape.length && x!.shape.every((n, a) => a === axis || n >= indices!.shape[a]!);
    if (!fits) {
      throw new ShapeError(
        `[takeAlongAxis] indices must fit the input on every axis but ${axis}: got ${formatShape(indices!.shape)} for ${formatShape(x!.shape)}`,
      );
    }
  },
  decompose(b, [x, indices], { axis }) {
    const inside = b.select(b.less(indices!, 0), b.add(indices!, x!.shape[axis]!), indices!);
    return [b.gather(b.reshape(x!, [sizeOf(x!.shape)]), places(b, inside, x!.shape, axis), 0)];
  },
};

/** Attributes of {@link topK}: an axis counted from the front, and how many elements of it. */
export interface TopKAttributes {
  readonly axis: number;
  readonly k: number;
  readonly largest: boolean;
}

/**
 * The k largest (or smallest) elements along an axis in order, and where they were (int32). Of equal ones the first comes first; NaN
 * counts as greatest.
 */
export const topK: Composite<TopKAttributes> = {
  name: 'topK',
  check([x], { axis, k }) {
    const length = x!.shape[axis]!;
    if (Number.isInteger(k) && k >= 0 && k <= length) return;
    throw new ShapeError(`[topK] k must be a whole number from 0 to ${length}, the length of axis ${axis}: got ${k}`);
  },
  decompose(b, [x], { axis, k, largest }) {
    const shape = x!.shape.map((length, a) => (a === axis ? k : length));
    const starts = shape.map(() => 0);
    return b.primitive('sort', [x!], { axis, descending: largest }).map((sorted) => b.slice(sorted, starts, shape));
  },
  // y = x at the indices, so dx is dy put back there
  vjp(b, { inputs: [x], outputs: [, indices], cotangents: [dy], attributes: { axis } }) {
    const [size, count] = [[sizeOf(x!.shape)], [sizeOf(indices!.shape)]];
    const flat = b.reshape(places(b, indices!, x!.shape, axis), count);
    return [b.reshape(b.scatter(b.fill(0, size, dy!.dtype), flat, b.reshape(dy!, count), { axis: 0, mode: 'add' }), x!.shape)];
  },
};
