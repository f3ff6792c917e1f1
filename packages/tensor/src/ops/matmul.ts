import { formatShape, normalizeAxis, ShapeError, sizeOf } from '@tessera/core';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul } from './elementwise.ts';
import { expandDims, reshape, squeeze, transpose } from './movement.ts';
import { asNumber, promote } from './promote.ts';

/** A·B of the last two axes, leading ones broadcast; a vector counts as a row on the left and a column on the right. */
export const matmul: (a: Tensor, b: Tensor) => Tensor = op('matmul', (a, b) => {
  if (a.rank === 0 || b.rank === 0) throw new ShapeError('[matmul] operands must have at least one axis: got a scalar. Use mul.');
  const [x, y] = promote('matmul', [a, b]).map(asNumber) as [Tensor, Tensor];
  // One matrix for all leading axes: one product of many rows, and so is its gradient.
  if (x.rank > 2 && y.rank === 2 && x.size > 0 && x.shape.at(-1) === y.shape[0]) {
    return reshape(matmul(reshape(x, [-1, y.shape[0]!]), y), [...x.shape.slice(0, -1), y.shape[1]!]);
  }
  if (x.rank > 2 && y.rank === 1) return squeeze(matmul(x, expandDims(y, 1)), -1);
  const product = run('matmul', [x.rank === 1 ? expandDims(x, 0) : x, y.rank === 1 ? expandDims(y, 1) : y], {})[0]!;
  const column = y.rank === 1 ? squeeze(product, -1) : product;
  return x.rank === 1 ? squeeze(column, y.rank === 1 ? -1 : -2) : column;
});
/** Σᵢ aᵢ·bᵢ of two vectors. */
export const dot: (a: Tensor, b: Tensor) => Tensor = op('dot', (a, b) => matmul(a, b));
/** The inner products of last axes. */
export const inner: (a: Tensor, b: Tensor) => Tensor = op('inner', (a, b) =>
  a.rank === 0 || b.rank === 0 ? mul(a, b) : tensordot(a, b, [[-1], [-1]]),
);
/** aᵢ·bⱼ */
export const outer: (a: Tensor, b: Tensor) => Tensor = op('outer', (a, b) => mul(reshape(a, [-1, 1]), reshape(b, [1, -1])));
/** β·C + α·A·B */
export const addmm: (c: Tensor, a: Tensor, b: Tensor, options?: { alpha?: number; beta?: number }) => Tensor = op(
  'addmm',
  (c, a, b, { alpha = 1, beta = 1 } = {}) => add(mul(c, beta), mul(matmul(a, b), alpha)),
);
/** Σ over pairs of axes of the product: the last n of a with the first n of b, or the pairs named. */
export const tensordot: (a: Tensor, b: Tensor, axes?: number | readonly [readonly number[], readonly number[]]) => Tensor = op(
  'tensordot',
  (a, b, axes = 2) => {
    const pairs =
      typeof axes === 'number'
        ? [a.shape.slice(a.rank - axes).map((_, i) => a.rank - axes + i), b.shape.slice(0, axes).map((_, i) => i)]
        : axes;
    const [left, right] = [
      pairs[0]!.map((x) => normalizeAxis('tensordot', x, a.shape)),
      pairs[1]!.map((x) => normalizeAxis('tensordot', x, b.shape)),
    ];
    if (left.length !== right.length || left.some((axis, i) => a.shape[axis] !== b.shape[right[i]!])) {
      throw new ShapeError(
        `[tensordot] paired axes must have one length: got ${formatShape(a.shape)} ${formatShape(left)} and ${formatShape(b.shape)} ${formatShape(right)}`,
      );
    }
    const free = (x: Tensor, used: readonly number[]): number[] => x.shape.map((_, axis) => axis).filter((axis) => !used.includes(axis));
    const [freeA, freeB] = [free(a, left), free(b, right)];
    const K = sizeOf(left.map((axis) => a.shape[axis]!));
    const [outA, outB] = [freeA.map((axis) => a.shape[axis]!), freeB.map((axis) => b.shape[axis]!)];
    const A = reshape(transpose(a, [...freeA, ...left]), [sizeOf(outA), K]);
    const B = reshape(transpose(b, [...right, ...freeB]), [K, sizeOf(outB)]);
    return reshape(matmul(A, B), [...outA, ...outB]);
  },
);
