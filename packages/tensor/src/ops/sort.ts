import { composites, normalizeAxis } from '@tessera/core';
import { run } from '../door.ts';
import type { Tensor } from '../tensor.ts';

/** Options of sorting. */
export interface SortOptions {
  readonly descending?: boolean;
}

/** The elements along an axis in rising order, and where each was: int32. Stable; NaN counts as largest. */
export function sortWithIndices(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): { values: Tensor; indices: Tensor } {
  if (x.rank === 0) return { values: x, indices: x.equal(x).astype('int32').mul(0) };
  const [values, indices] = run('sort', [x], { axis: normalizeAxis('sort', axis, x.shape), descending });
  return { values: values!, indices: indices! };
}
/** The elements along an axis in rising order. */
export function sort(x: Tensor, axis = -1, options?: SortOptions): Tensor {
  return sortWithIndices(x, axis, options).values;
}
/** Where the elements of the sorted axis were: int32. */
export function argsort(x: Tensor, axis = -1, options?: SortOptions): Tensor {
  return sortWithIndices(x, axis, options).indices;
}
/**
 * The k largest (or smallest) elements along an axis, sorted, and where they were. Of equal ones the first comes first; NaN counts as
 * largest.
 *
 * @throws ShapeError if k is more than the axis has.
 */
export function topk(
  x: Tensor,
  k: number,
  { axis = -1, largest = true }: { axis?: number; largest?: boolean } = {},
): { values: Tensor; indices: Tensor } {
  if (x.rank === 0) return sortWithIndices(x);
  const [values, indices] = run(composites.topK, [x], { axis: normalizeAxis('topk', axis, x.shape), k, largest });
  return { values: values!, indices: indices! };
}
