import { formatShape, normalizeAxis, ShapeError } from '@tessera/core';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Axes, Tensor } from '../tensor.ts';
import { countable } from '../unknown-axis.ts';
import { atLeast1d, atLeast2d, atLeast3d, broadcastTo, expandDims, reshape, squeeze } from './movement.ts';
import { promote } from './promote.ts';
import { slab } from './slab.ts';

/** Joined along an axis that exists. */
export const concat: (xs: readonly Tensor[], axis?: number) => Tensor = op('concat', (xs, axis = 0) => {
  if (xs.length === 0) throw new ShapeError('[concat] needs at least one tensor: got none');
  return run('concat', promote('concat', xs), { axis: normalizeAxis('concat', axis, xs[0]!.shape) })[0]!;
});

/** Joined along a new axis. */
export const stack: (xs: readonly Tensor[], axis?: number) => Tensor = op('stack', (xs, axis = 0) =>
  concat(
    xs.map((x) => expandDims(x, axis)),
    axis < 0 ? axis + (xs[0]?.rank ?? 0) + 1 : axis,
  ),
);

/** Joined along axis 0 (vectors as rows). */
export const vstack: (xs: readonly Tensor[]) => Tensor = op('vstack', (xs) => concat(xs.map(atLeast2d), 0));

/** Joined along axis 1 (vectors along their only one). */
export const hstack: (xs: readonly Tensor[]) => Tensor = op('hstack', (xs) => {
  const list = xs.map(atLeast1d);
  return concat(list, list[0]?.rank === 1 ? 0 : 1);
});

/** Joined along axis 2. */
export const dstack: (xs: readonly Tensor[]) => Tensor = op('dstack', (xs) => concat(xs.map(atLeast3d), 2));

/** Vectors as the columns of a matrix. */
export const columnStack: (xs: readonly Tensor[]) => Tensor = op('columnStack', (xs) =>
  hstack(xs.map((x) => (x.rank <= 1 ? reshape(x, [-1, 1]) : x))),
);

/** Cut along an axis, into pieces of the given lengths or of one length (the last may be shorter). */
export const split: (x: Tensor, sizes: number | readonly number[], axis?: number) => Tensor[] = op('split', (x, sizes, axis = 0) => {
  const at = normalizeAxis('split', axis, x.shape);
  const length = x.shape[at]!;
  const list =
    typeof sizes === 'number'
      ? Array.from({ length: Math.ceil(countable('split', length) / sizes) }, (_, i) => Math.min(sizes, length - i * sizes))
      : sizes;
  if (list.reduce((a, b) => a + b, 0) !== length) {
    throw new ShapeError(`[split] lengths must add up to ${length}: got ${formatShape(list)}`);
  }
  let start = 0;
  return list.map((size) => {
    const piece = slab(x, at, start, size);
    start += size;
    return piece;
  });
});

/** Cut into n pieces as equal as can be, or before the given places. */
export const tensorSplit: (x: Tensor, sections: number | readonly number[], axis?: number) => Tensor[] = op(
  'tensorSplit',
  (x, sections, axis = 0) => {
    const length = x.shape[normalizeAxis('tensorSplit', axis, x.shape)]!;
    if (typeof sections === 'number') {
      const [each, more] = [Math.floor(length / sections), length % sections];
      return split(
        x,
        Array.from({ length: sections }, (_, i) => each + (i < more ? 1 : 0)),
        axis,
      );
    }
    const cuts = [0, ...sections.map((s) => Math.min(Math.max(s < 0 ? s + length : s, 0), length)), length];
    return split(
      x,
      cuts.slice(1).map((cut, i) => Math.max(0, cut - cuts[i]!)),
      axis,
    );
  },
);

/** Cut into n pieces of one length but for the last. */
export const chunk: (x: Tensor, n: number, axis?: number) => Tensor[] = op('chunk', (x, n, axis = 0) =>
  split(x, Math.max(1, Math.ceil(x.shape[normalizeAxis('chunk', axis, x.shape)]! / n)), axis),
);

/** The slices along an axis, without it. */
export const unstack: (x: Tensor, axis?: number) => Tensor[] = op('unstack', (x, axis = 0) => {
  const at = normalizeAxis('unstack', axis, x.shape);
  return Array.from({ length: countable('unstack', x.shape[at]!) }, (_, i) => squeeze(slab(x, at, i, 1), at));
});

/** The whole repeated along each axis. */
export const tile: (x: Tensor, repeats: readonly number[]) => Tensor = op('tile', (x, repeats) => {
  const rank = Math.max(x.rank, repeats.length);
  const shape = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const times = [...new Array<number>(rank - repeats.length).fill(1), ...repeats];
  const spread = reshape(
    x,
    shape.flatMap((length) => [1, length]),
  );
  const stretched = broadcastTo(
    spread,
    shape.flatMap((length, a) => [times[a]!, length]),
  );
  return reshape(
    stretched,
    shape.map((length, a) => length * times[a]!),
  );
});

/** Each element repeated along an axis; of the flattened tensor without one. */
export const repeat: (x: Tensor, times: number, axis?: number) => Tensor = op('repeat', (x, times, axis) => {
  if (axis === undefined) return repeat(reshape(x, [-1]), times, 0);
  const at = normalizeAxis('repeat', axis, x.shape);
  const shape = [...x.shape.slice(0, at + 1), times, ...x.shape.slice(at + 1)];
  return reshape(
    broadcastTo(expandDims(x, at + 1), shape),
    x.shape.map((length, a) => (a === at ? length * times : length)),
  );
});

/** Elements moved by `shift` along an axis, those that leave entering at the other end; of the flattened tensor without an axis. */
export const roll: (x: Tensor, shift: Axes, axis?: Axes) => Tensor = op('roll', (x, shift, axis) => {
  if (axis === undefined) return reshape(roll(reshape(x, [-1]), shift, 0), x.shape);
  const axes = typeof axis === 'number' ? [axis] : axis;
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : shift;
  return axes.reduce((y, a, i) => {
    const at = normalizeAxis('roll', a, x.shape);
    const length = x.shape[at]!;
    const by = length === 0 ? 0 : ((shifts[i]! % length) + length) % length;
    return by === 0 ? y : concat([slab(y, at, length - by, by), slab(y, at, 0, length - by)], at);
  }, x);
});
