import type { Builder } from '../builder.ts';
import { ShapeError } from '../errors.ts';
import type { Composite, Spec } from '../op.ts';
import { expectFloat, expectSpatialAxes } from '../primitives/expect.ts';
import { formatShape, sizeOf } from '../shape.ts';

/** The geometry of a pooling window over the spatial axes of `[N, ...S, C]`. */
export interface PoolingAttributes {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
}

/** Attributes of {@link averagePool}. */
export interface AveragePoolAttributes extends PoolingAttributes {
  /** Whether padding counts among the elements averaged. */
  readonly countIncludePadding: boolean;
}

function checkPooling(op: string, [x]: readonly Spec[], { size }: PoolingAttributes): void {
  expectFloat(op, [x!]);
  expectSpatialAxes(op, x!.shape);
  if (x!.shape.length !== size.length + 2) {
    throw new ShapeError(`[${op}] input must be [N, ...S, C] with ${size.length} spatial axes: got ${formatShape(x!.shape)}`);
  }
}

const around = (edges: PoolingAttributes['padding']): (readonly [number, number])[] => [[0, 0], ...edges, [0, 0]];

/** `[N, ...S, C] → [N, ...S', C, places]`: what each window sees. */
function windows<T extends Spec>(b: Builder<T>, x: T, attributes: PoolingAttributes, value: number): T {
  const { size, strides, padding, dilation } = attributes;
  const padded = padding.every(([before, after]) => before === 0 && after === 0) ? x : b.pad(x, around(padding), value);
  const axes = size.map((_, i) => i + 1);
  const w = b.window(padded, { axes, size, strides, dilation });
  return b.reshape(w, [...w.shape.slice(0, x.shape.length), sizeOf(size)]);
}

// Where each window has its first maximum, as a mask over its places.
function firstMaximum<T extends Spec>(b: Builder<T>, w: T): T {
  const place = w.shape.length - 1;
  const index = b.reshape(b.argmax(w, place), [...w.shape.slice(0, -1), 1]);
  return b.equal(b.iota(w.shape, place, 'int32'), b.broadcast(index, w.shape));
}

/** Attributes of {@link maxPoolGradient} are those of the pooling. */
export const maxPoolGradient: Composite<PoolingAttributes> = {
  name: 'maxPoolGradient',
  decompose(b, [x, dy], attributes) {
    const w = windows(b, x!, attributes, -Infinity);
    const spread = b.broadcast(b.reshape(dy!, [...dy!.shape, 1]), w.shape);
    const parts = b.select(firstMaximum(b, w), spread, 0);
    return [overlapAdd(b, parts, x!, attributes)];
  },
  // Linear in dy: each dy is read back where its maximum was.
  vjp(b, { inputs: [x], cotangents: [g], attributes }) {
    const w = windows(b, x!, attributes, -Infinity);
    const seen = windows(b, g!, attributes, 0);
    return [undefined, b.sum(b.select(firstMaximum(b, w), seen, 0), w.shape.length - 1)];
  },
};

/** The largest element of each window; of equal ones the first gets the gradient. Padding counts as −∞. */
export const maxPool: Composite<PoolingAttributes> = {
  name: 'maxPool',
  check: (inputs, attributes) => checkPooling('maxPool', inputs, attributes),
  decompose(b, [x], attributes) {
    const w = windows(b, x!, attributes, -Infinity);
    return [b.max(w, w.shape.length - 1)];
  },
  vjp: (b, { inputs: [x], cotangents: [dy], attributes }) => [b.apply(maxPoolGradient, [x!, dy!], attributes)],
};

/** The mean of each window. */
export const averagePool: Composite<AveragePoolAttributes> = {
  name: 'averagePool',
  check: (inputs, attributes) => checkPooling('averagePool', inputs, attributes),
  decompose(b, [x], attributes) {
    const w = windows(b, x!, attributes, 0);
    const sum = b.sum(w, w.shape.length - 1);
    if (attributes.countIncludePadding) return [b.div(sum, sizeOf(attributes.size))];
    const counted = windows(b, b.fill(1, x!.shape, x!.dtype), attributes, 0);
    return [b.div(sum, b.sum(counted, w.shape.length - 1))];
  },
};

/** Adds what each place of each window holds to the element that it saw: the adjoint of {@link windows}. */
function overlapAdd<T extends Spec>(b: Builder<T>, parts: T, x: T, attributes: PoolingAttributes): T {
  const { size, strides, padding, dilation } = attributes;
  const outer = parts.shape.slice(0, -1);
  const rank = outer.length;
  const padded = x.shape.map((length, axis) => {
    const [before, after] = around(padding)[axis]!;
    return length + before + after;
  });
  let total: T | undefined;
  for (let place = 0; place < sizeOf(size); place++) {
    let rest = place;
    const at = new Array<number>(size.length);
    for (let i = size.length - 1; i >= 0; i--) {
      at[i] = rest % size[i]!;
      rest = Math.floor(rest / size[i]!);
    }
    const part = b.reshape(b.slice(parts, [...outer.map(() => 0), place], [...outer, 1]), outer);
    const stride = (axis: number): number => (axis === 0 || axis === rank - 1 ? 1 : strides[axis - 1]!);
    const edges = outer.map((length, axis): [number, number] => {
      const before = axis === 0 || axis === rank - 1 ? 0 : at[axis - 1]! * dilation[axis - 1]!;
      return [before, padded[axis]! - before - (Math.max(0, length - 1) * stride(axis) + length - Math.max(0, length - 1))];
    });
    const placed = b.pad(
      part,
      edges,
      0,
      outer.map((_, axis) => stride(axis) - 1),
    );
    total = total ? b.add(total, placed) : placed;
  }
  return b.pad(
    total!,
    around(padding).map(([before, after]): [number, number] => [-before, -after]),
  );
}
