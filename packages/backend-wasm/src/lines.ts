import { type Shape, sizeOf } from '@tessera/core';

/** An index space whose axes that lie seamlessly in all operands are merged. */
interface Merged {
  readonly lengths: number[];
  /** For each operand, its stride along each axis. */
  readonly strides: number[][];
}

function merge(shape: Shape, strides: readonly (readonly number[])[]): Merged {
  const lengths: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const last = lengths.length - 1;
    const seamless = last >= 0 && strides.every((list, i) => merged[i][last] === list[axis] * shape[axis]);
    if (seamless) {
      lengths[last] *= shape[axis];
      strides.forEach((list, i) => (merged[i][last] = list[axis]));
    } else {
      lengths.push(shape[axis]);
      strides.forEach((list, i) => merged[i].push(list[axis]));
    }
  }
  return { lengths, strides: merged };
}

/** Calls `visit` with the operands' places (in elements from their first) for each index. */
function walk({ lengths, strides }: Merged, visit: (places: readonly number[]) => void): void {
  const places = strides.map(() => 0);
  const index = lengths.map(() => 0);
  for (;;) {
    visit(places);
    let axis = lengths.length - 1;
    for (; axis >= 0; axis--) {
      for (let i = 0; i < places.length; i++) places[i] += strides[i][axis];
      if (++index[axis] < lengths[axis]) break;
      for (let i = 0; i < places.length; i++) places[i] -= strides[i][axis] * lengths[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** Takes the last axis off: its length, and each operand's stride along it. A missing axis has length 1. */
function last({ lengths, strides }: Merged, missing: number): [length: number, steps: number[]] {
  if (lengths.length === 0) return [1, strides.map(() => missing)];
  return [lengths.pop()!, strides.map((list) => list.pop()!)];
}

/** Walks over an index space line by line: `visit` gets the places of each line, its length and the strides along it. */
export function forEachLine(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (places: readonly number[], length: number, steps: readonly number[]) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const merged = merge(shape, strides);
  const [length, steps] = last(merged, 1);
  walk(merged, (places) => visit(places, length, steps));
}

/** Two axes that a kernel goes through by itself: `rows` lines of `length` elements. */
export interface Plane {
  readonly rows: number;
  readonly length: number;
  /** For each operand, its stride from line to line. */
  readonly jumps: readonly number[];
  /** For each operand, its stride along a line. */
  readonly steps: readonly number[];
}

/** Walks over an index space two axes at a time, so that a row broadcast over many costs one call and not many. */
export function forEachPlane(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (places: readonly number[], plane: Plane) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const merged = merge(shape, strides);
  const [length, steps] = last(merged, 1);
  const [rows, jumps] = last(merged, 0);
  const plane = { rows, length, jumps, steps };
  walk(merged, (places) => visit(places, plane));
}
