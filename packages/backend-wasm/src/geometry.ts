import type { Shape } from '@tessera/core';
import type { Runtime } from './runtime.ts';

/** How windows go over the spatial axes. */
interface Geometry {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
  readonly groups?: number;
}

/** One, two or three spatial axes seen as three, those in front of length 1. */
function three(values: readonly number[], filler: number): number[] {
  return [...new Array<number>(3 - values.length).fill(filler), ...values];
}

/** The address where kernels read the geometry: of input x, windows and output y, with so many filters. */
export function describe(runtime: Runtime, x: Shape, window: readonly number[], filters: number, y: Shape, geometry: Geometry): number {
  return runtime.words([
    x[0],
    ...three(x.slice(1, -1), 1),
    x.at(-1)!,
    ...three(window, 1),
    filters,
    ...three(y.slice(1, -1), 1),
    ...three(geometry.strides, 1),
    ...three(
      geometry.padding.map(([before]) => before),
      0,
    ),
    ...three(geometry.dilation, 1),
    geometry.groups ?? 1,
  ]);
}
