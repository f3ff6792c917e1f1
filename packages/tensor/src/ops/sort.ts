import { normalizeAxis } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

/** Options of sorting. */
export interface SortOptions {
  readonly descending?: boolean;
}

/** The elements along an axis in rising order, and where each was: int32. Stable; NaN counts as largest. */
export const sortWithIndices: (x: Tensor, axis?: number, options?: SortOptions) => { values: Tensor; indices: Tensor } = op(
  'sortWithIndices',
  (x, axis = -1, { descending = false } = {}) => {
    if (x.rank === 0) return { values: x, indices: x.equal(x).astype('int32').mul(0) };
    const [values, indices] = run('sort', [x], { axis: normalizeAxis('sort', axis, x.shape), descending });
    return { values: values!, indices: indices! };
  },
);
/** The elements along an axis in rising order. */
export const sort: (x: Tensor, axis?: number, options?: SortOptions) => Tensor = op(
  'sort',
  (x, axis = -1, options) => sortWithIndices(x, axis, options).values,
);
/** Where the elements of the sorted axis were: int32. */
export const argsort: (x: Tensor, axis?: number, options?: SortOptions) => Tensor = op(
  'argsort',
  (x, axis = -1, options) => sortWithIndices(x, axis, options).indices,
);
/**
 * The k largest (or smallest) elements along an axis, sorted, and where they were. Of equal ones the first comes first; NaN counts as
 * largest.
 *
 * @throws ShapeError if k is more than the axis has.
 */
export const topk: (x: Tensor, k: number, options?: { axis?: number; largest?: boolean }) => { values: Tensor; indices: Tensor } = op(
  'topk',
  (x, k, { axis = -1, largest = true } = {}) => {
    if (x.rank === 0) return sortWithIndices(x);
    const [values, indices] = run(composites.topK, [x], { axis: normalizeAxis('topk', axis, x.shape), k, largest });
    return { values: values!, indices: indices! };
  },
);
