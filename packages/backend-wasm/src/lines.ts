import { type Axes, mergeAxes, type Shape, sizeOf } from '@tessera/core';

/** Calls `visit` with the operands' places (in elements from their first) for each index. */
function walk({ lengths, strides }: Axes, visit: (places: readonly number[]) => void): void {
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

/** Takes the last axis off: its length, each operand's stride along it, and the rest. A missing axis has length 1. */
function takeLast({ lengths, strides }: Axes, missing: number): [length: number, steps: readonly number[], rest: Axes] {
  const rest = { lengths: lengths.slice(0, -1), strides: strides.map((list) => list.slice(0, -1)) };
  return [lengths.at(-1) ?? 1, strides.map((list) => list.at(-1) ?? missing), rest];
}

/** Walks over an index space line by line: `visit` gets the places of each line, its length and the strides along it. */
export function forEachLine(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (places: readonly number[], length: number, steps: readonly number[]) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const [length, steps, rest] = takeLast(mergeAxes(shape, strides), 1);
  walk(rest, (places) => visit(places, length, steps));
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
  const [length, steps, lines] = takeLast(mergeAxes(shape, strides), 1);
  const [rows, jumps, rest] = takeLast(lines, 0);
  const plane = { rows, length, jumps, steps };
  walk(rest, (places) => visit(places, plane));
}
