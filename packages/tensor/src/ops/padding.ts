import { formatShape, ShapeError } from '@tessera/core';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { concat } from './joining.ts';
import { broadcastTo, flip } from './movement.ts';
import { slab } from './slab.ts';

/** How {@link pad} fills the new places. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** New elements before and after each axis: a constant, or what the mode reads from the tensor. Negative edges crop. */
export const pad: (x: Tensor, edges: readonly (readonly [number, number])[], value?: number, mode?: PadMode) => Tensor = op(
  'pad',
  (x, edges, value = 0, mode = 'constant') => {
    if (edges.length !== x.rank) {
      throw new ShapeError(`[pad] needs [before, after] for each of ${x.rank} axes: got ${edges.length}`);
    }
    if (mode === 'constant') return run('pad', [x], { edges, interior: x.shape.map(() => 0), value })[0]!;
    return edges.reduce((y, [before, after], axis) => {
      if (before === 0 && after === 0) return y;
      const length = x.shape[axis]!;
      const most = mode === 'reflect' ? length - 1 : mode === 'circular' ? length : Infinity;
      if (Math.max(before, after) > most) {
        throw new ShapeError(
          `[pad] ${mode} padding must be at most ${most} for axis ${axis} of ${formatShape(x.shape)}: got ${before} and ${after}`,
        );
      }
      const part = (start: number, count: number): Tensor => slab(y, axis, start, count);
      const edge = (at: number, count: number): Tensor =>
        broadcastTo(
          part(at, 1),
          y.shape.map((n, a) => (a === axis ? count : n)),
        );
      const [b, a] = [Math.max(0, before), Math.max(0, after)];
      const front = mode === 'reflect' ? flip(part(1, b), axis) : mode === 'circular' ? part(length - b, b) : edge(0, b);
      const back = mode === 'reflect' ? flip(part(length - 1 - a, a), axis) : mode === 'circular' ? part(0, a) : edge(length - 1, a);
      const middle = part(Math.max(0, -before), length + Math.min(0, before) + Math.min(0, after));
      return concat([front, middle, back], axis);
    }, x);
  },
);
