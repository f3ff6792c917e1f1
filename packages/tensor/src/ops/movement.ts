import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis, type Shape, ShapeError, sizeOf } from '@tessera/core';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Axes, Tensor } from '../tensor.ts';

/** A contiguous copy. */
export const copy: (x: Tensor) => Tensor = op('copy', (x) => run('copy', [x], {})[0]!);

/** The same elements in another shape; one axis may be −1 and is found from the others. */
export const reshape: (x: Tensor, shape: Shape) => Tensor = op('reshape', (x, shape) => {
  const known = sizeOf(shape.filter((length) => length !== -1));
  const free = shape.filter((length) => length === -1).length;
  // The product of several unknown lengths is rounded, so that nothing can be said of what divides it.
  const divides = known > 0 && (x.size % known === 0 || x.size >= 2 ** 80);
  if (free > 1 || (free === 1 && !divides)) {
    throw new ShapeError(`[reshape] cannot find the axis −1: got ${formatShape(x.shape)} and ${formatShape(shape)}`);
  }
  return run('reshape', [x], { shape: shape.map((length) => (length === -1 ? x.size / known : length)) })[0]!;
});

/** The elements in one axis. */
export const ravel: (x: Tensor) => Tensor = op('ravel', (x) => reshape(x, [-1]));

/** Axes from `start` to `end` (both included) merged into one. */
export const flatten: (x: Tensor, start?: number, end?: number) => Tensor = op('flatten', (x, start = 0, end = -1) => {
  if (x.rank === 0) return reshape(x, [1]);
  const [from, to] = [normalizeAxis('flatten', start, x.shape), normalizeAxis('flatten', end, x.shape)];
  const merged = sizeOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
});

/** One axis split into several. */
export const unflatten: (x: Tensor, axis: number, shape: Shape) => Tensor = op('unflatten', (x, axis, shape) => {
  const at = normalizeAxis('unflatten', axis, x.shape);
  const known = sizeOf(shape.filter((length) => length !== -1));
  const parts = shape.map((length) => (length === -1 ? x.shape[at]! / known : length));
  return reshape(x, [...x.shape.slice(0, at), ...parts, ...x.shape.slice(at + 1)]);
});

/** Axes in another order; reversed without one. */
export const transpose: (x: Tensor, axes?: readonly number[]) => Tensor = op('transpose', (x, axes) => {
  const permutation = axes?.map((axis) => normalizeAxis('transpose', axis, x.shape)) ?? x.shape.map((_, axis) => x.rank - 1 - axis);
  return run('transpose', [x], { permutation })[0]!;
});

/** Two axes exchanged. */
export const swapAxes: (x: Tensor, a: number, b: number) => Tensor = op('swapAxes', (x, a, b) => {
  if (x.rank === 0) return x;
  const [i, j] = [normalizeAxis('swapAxes', a, x.shape), normalizeAxis('swapAxes', b, x.shape)];
  return transpose(
    x,
    x.shape.map((_, axis) => (axis === i ? j : axis === j ? i : axis)),
  );
});

/** Axes moved to other places; the rest keep their order. */
export const moveAxis: (x: Tensor, source: Axes, destination: Axes) => Tensor = op('moveAxis', (x, source, destination) => {
  const list = (axes: Axes): number[] => (typeof axes === 'number' ? [axes] : [...axes]).map((a) => normalizeAxis('moveAxis', a, x.shape));
  const [from, to] = [list(source), list(destination)];
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const pairs = to.map((place, i) => [place, from[i]!] as const).sort(([a], [b]) => a - b);
  for (const [place, axis] of pairs) rest.splice(place, 0, axis);
  return transpose(x, rest);
});

/** Without its axes of length 1, or those named. */
export const squeeze: (x: Tensor, axis?: Axes) => Tensor = op('squeeze', (x, axis) => {
  const axes = axis === undefined ? x.shape.flatMap((length, a) => (length === 1 ? [a] : [])) : normalizeAxes('squeeze', axis, x.shape);
  const long = axes.find((a) => x.shape[a] !== 1);
  if (long !== undefined) {
    throw new ShapeError(`[squeeze] only axes of length 1 can go: got axis ${long} of ${formatShape(x.shape)}`);
  }
  return reshape(
    x,
    x.shape.filter((_, a) => !axes.includes(a)),
  );
});

/** With new axes of length 1 at the places named, counted in the result. */
export const expandDims: (x: Tensor, axis: Axes) => Tensor = op('expandDims', (x, axis) => {
  const list = typeof axis === 'number' ? [axis] : axis;
  const rank = x.rank + list.length;
  const places = list.map((a) => (a < 0 ? a + rank : a));
  if (places.some((a) => a < 0 || a >= rank) || new Set(places).size !== places.length) {
    throw new ShapeError(`[expandDims] axes must be different places from ${-rank} to ${rank - 1}: got ${formatShape(list)}`);
  }
  const old = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, a) => (places.includes(a) ? 1 : old.shift()!)),
  );
});

/** Stretched to a shape by NumPy's rule, without a copy. */
export const broadcastTo: (x: Tensor, shape: Shape) => Tensor = op('broadcastTo', (x, shape) => run('broadcast', [x], { shape })[0]!);

/** All stretched to the shape that they have in common. */
export const broadcastTensors: (...xs: Tensor[]) => Tensor[] = op('broadcastTensors', (...xs) => {
  const shape = broadcastShapes('broadcastTensors', ...xs.map((x) => x.shape));
  return xs.map((x) => broadcastTo(x, shape));
});

/** At least one axis. */
export const atLeast1d: (x: Tensor) => Tensor = op('atLeast1d', (x) => (x.rank >= 1 ? x : reshape(x, [1])));

/** At least two axes: a vector becomes a row. */
export const atLeast2d: (x: Tensor) => Tensor = op('atLeast2d', (x) => (x.rank >= 2 ? x : reshape(x, [1, ...atLeast1d(x).shape])));

/** At least three axes: a matrix gets one behind. */
export const atLeast3d: (x: Tensor) => Tensor = op('atLeast3d', (x) => (x.rank >= 3 ? x : reshape(x, [...atLeast2d(x).shape, 1])));

/** The elements in reverse order along axes; along all without them. */
export const flip: (x: Tensor, axis?: Axes) => Tensor = op(
  'flip',
  (x, axis) => run('flip', [x], { axes: normalizeAxes('flip', axis, x.shape) })[0]!,
);

/** Turned by k·90° in the plane of two axes, from the first towards the second. */
export const rot90: (x: Tensor, k?: number, plane?: readonly [number, number]) => Tensor = op('rot90', (x, k = 1, [a, b] = [0, 1]) => {
  switch (((k % 4) + 4) % 4) {
    case 1:
      return flip(swapAxes(x, a, b), a);
    case 2:
      return flip(x, [a, b]);
    case 3:
      return swapAxes(flip(x, a), a, b);
    default:
      return x;
  }
});

/** Coordinate grids of vectors: the i-th varies along axis i; with `xy` the first two axes change places. */
export const meshgrid: (xs: readonly Tensor[], indexing?: 'ij' | 'xy') => Tensor[] = op('meshgrid', (xs, indexing = 'ij') => {
  const order = indexing === 'xy' && xs.length > 1 ? [1, 0, ...xs.slice(2).map((_, i) => i + 2)] : xs.map((_, i) => i);
  const shape = order.map((i) => xs[i]!.size);
  return xs.map((x, i) =>
    broadcastTo(
      reshape(
        x,
        order.map((j) => (j === i ? x.size : 1)),
      ),
      shape,
    ),
  );
});
