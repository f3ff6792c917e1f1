import { sameShape, type Shape, sizeOf } from './shape.ts';

/**
 * How a tensor lies in its buffer: element (i, j, …) is at `offset + i·strides[0] + j·strides[1] + …`, counted in
 * elements. Strides may be zero (a broadcast axis) or negative (a flipped one).
 */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The strides of a shape whose elements lie in row-major order without gaps. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The view of a whole buffer in row-major order. */
export function contiguousView(shape: Shape, offset = 0): View {
  return { shape, strides: contiguousStrides(shape), offset };
}

/** Whether the elements lie in row-major order without gaps, from any offset. */
export function isContiguous({ shape, strides }: View): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!;
    if (length === 0) return true;
    if (length !== 1 && strides[axis] !== step) return false;
    step *= length;
  }
  return true;
}

/** The view stretched to `shape`, which the shape rule has found to fit: new and stretched axes get stride 0. */
export function broadcastView(view: View, shape: Shape): View {
  if (sameShape(view.shape, shape)) return view;
  const lead = shape.length - view.shape.length;
  const strides = shape.map((length, axis) => {
    const from = axis - lead;
    return from < 0 || (view.shape[from] === 1 && length !== 1) ? 0 : view.strides[from]!;
  });
  return { shape, strides, offset: view.offset };
}

/** The view with its axes in another order. */
export function transposeView(view: View, permutation: readonly number[]): View {
  return {
    shape: permutation.map((axis) => view.shape[axis]!),
    strides: permutation.map((axis) => view.strides[axis]!),
    offset: view.offset,
  };
}

/** Every `steps[a]`-th element from `starts[a]`, `shape[a]` of them, along each axis a; steps may be negative. */
export function sliceView(view: View, starts: readonly number[], steps: readonly number[], shape: Shape): View {
  let offset = view.offset;
  if (sizeOf(shape) > 0) for (let a = 0; a < shape.length; a++) offset += starts[a]! * view.strides[a]!;
  return { shape, strides: view.strides.map((stride, a) => stride * steps[a]!), offset };
}

/** The same elements under another shape, or `undefined` where that needs a copy. */
export function reshapeView(view: View, shape: Shape): View | undefined {
  if (isContiguous(view)) return contiguousView(shape, view.offset);
  // Old axes that lie seamlessly one inside the next are merged; each run must then be covered by whole new axes.
  const runs: { size: number; stride: number }[] = [];
  for (let axis = 0; axis < view.shape.length; axis++) {
    const [length, stride] = [view.shape[axis]!, view.strides[axis]!];
    if (length === 1) continue;
    const last = runs.at(-1);
    if (last && last.stride === length * stride) {
      last.size *= length;
      last.stride = stride;
    } else {
      runs.push({ size: length, stride });
    }
  }
  const strides = new Array<number>(shape.length).fill(0);
  let axis = shape.length - 1;
  for (const run of runs.reverse()) {
    let covered = 1;
    for (; axis >= 0 && covered < run.size; axis--) {
      strides[axis] = covered * run.stride;
      covered *= shape[axis]!;
    }
    if (covered !== run.size) return undefined;
  }
  return { shape, strides, offset: view.offset };
}

/**
 * Sliding windows: `axes[i]` becomes the position of the window and a new last axis the place inside it. Windows overlap in memory, so a view with windows is only ever read.
 */
export function windowView(
  view: View,
  axes: readonly number[],
  strides: readonly number[],
  dilation: readonly number[],
  shape: Shape,
): View {
  const outer = [...view.strides];
  const inner: number[] = [];
  axes.forEach((axis, i) => {
    outer[axis] = view.strides[axis]! * strides[i]!;
    inner.push(view.strides[axis]! * dilation[i]!);
  });
  return { shape, strides: [...outer, ...inner], offset: view.offset };
}

/** An index space whose axes that lie seamlessly in all operands are merged. */
export interface Axes {
  readonly lengths: readonly number[];
  /** For each operand, its stride along each axis. */
  readonly strides: readonly (readonly number[])[];
}

/** Merges the axes of an index space that lie seamlessly one inside the next in all operands; axes of length 1 go. */
export function mergeAxes(shape: Shape, strides: readonly (readonly number[])[]): Axes {
  // Copies of the right size from the start: an array that grows takes room for many more.
  const lengths = [...shape];
  const merged = strides.map((list) => [...list]);
  let count = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!;
    if (length === 1) continue;
    const joins = count > 0 && strides.every((list, i) => merged[i]![count - 1] === list[axis]! * length);
    const at = joins ? count - 1 : count++;
    lengths[at] = joins ? lengths[at]! * length : length;
    for (let i = 0; i < strides.length; i++) merged[i]![at] = strides[i]![axis]!;
  }
  if (count < shape.length) for (const list of [lengths, ...merged]) while (list.length > count) list.pop();
  return { lengths, strides: merged };
}
