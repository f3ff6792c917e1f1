import { type Axes, mergeAxes, type Shape, sizeOf } from '@tessera/core';

/** Calls `visit` with the operands' places (in elements from their first) for each index of the first `count` axes. */
function walk({ lengths, strides }: Axes, count: number, visit: (places: readonly number[]) => void): void {
  const places = strides.map(() => 0);
  if (count <= 0) return visit(places);
  const index = lengths.map(() => 0);
  for (;;) {
    visit(places);
    let axis = count - 1;
    for (; axis >= 0; axis--) {
      for (let i = 0; i < places.length; i++) places[i] += strides[i][axis];
      if (++index[axis] < lengths[axis]) break;
      for (let i = 0; i < places.length; i++) places[i] -= strides[i][axis] * lengths[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** The length of an axis; one that is missing has length 1. */
const lengthOf = ({ lengths }: Axes, axis: number): number => (axis < 0 ? 1 : lengths[axis]);
/** Each operand's stride along an axis. */
const stridesOf = ({ strides }: Axes, axis: number, missing: number): readonly number[] =>
  strides.map((list) => (axis < 0 ? missing : list[axis]));

/** Walks over an index space line by line: `visit` gets the places of each line, its length and the strides along it. */
export function forEachLine(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (places: readonly number[], length: number, steps: readonly number[]) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const axes = mergeAxes(shape, strides);
  const last = axes.lengths.length - 1;
  const length = lengthOf(axes, last);
  const steps = stridesOf(axes, last, 1);
  walk(axes, last, (places) => visit(places, length, steps));
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

/** The planes of an index space, which all look alike. */
export interface Planes extends Plane {
  /** Calls `visit` with the operands' places for each plane. */
  forEach(visit: (places: readonly number[]) => void): void;
}

/** An index space of at least one element taken two axes at a time, so that a row broadcast over many costs one call and not many. */
export function planesOf(shape: Shape, strides: readonly (readonly number[])[]): Planes {
  const axes = mergeAxes(shape, strides);
  const last = axes.lengths.length - 1;
  return {
    rows: lengthOf(axes, last - 1),
    length: lengthOf(axes, last),
    jumps: stridesOf(axes, last - 1, 0),
    steps: stridesOf(axes, last, 1),
    forEach: (visit) => walk(axes, last - 1, visit),
  };
}

/** Walks over an index space plane by plane. */
export function forEachPlane(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (places: readonly number[], plane: Plane) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const planes = planesOf(shape, strides);
  planes.forEach((places) => visit(places, planes));
}
