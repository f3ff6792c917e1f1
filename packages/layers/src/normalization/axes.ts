import { normalizeAxes, type Shape } from '@tessera/core';
import type { Axes } from '@tessera/tensor';

/** The lengths of the axes from the first of `axes` on, 1 for those between that are not among them: broadcasts against x. */
export function alongAxes(layer: string, axis: Axes, shape: Shape): Shape {
  const axes = normalizeAxes(layer, axis, shape);
  const first = Math.min(...axes);
  return shape.slice(first).map((length, i) => (axes.includes(first + i) ? length : 1));
}

/** Whether an axis or axes are the last one alone, for which there is one op. */
export function isLast(axis: Axes, rank: number): boolean {
  const [only, ...others] = [axis].flat();
  return others.length === 0 && (only === -1 || only === rank - 1);
}
