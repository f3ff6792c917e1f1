import { run } from '../door.ts';
import type { Tensor } from '../tensor.ts';

/** `count` elements from `start` along one axis. */
export function slab(x: Tensor, axis: number, start: number, count: number): Tensor {
  return run('slice', [x], {
    starts: x.shape.map((_, a) => (a === axis ? start : 0)),
    steps: x.shape.map(() => 1),
    shape: x.shape.map((length, a) => (a === axis ? count : length)),
  })[0]!;
}
