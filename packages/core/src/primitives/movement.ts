import { ShapeError } from '../errors.ts';
import type { PrimitiveRow } from '../op.ts';
import { broadcastShapes, checkShape, formatShape, sameShape, sizeOf } from '../shape.ts';
import { broadcastView, reshapeView, sliceView, transposeView, windowView } from '../view.ts';
import type { PrimitiveAttributes, ViewPrimitive } from './attributes.ts';
import { oneDType } from './expect.ts';

/** How many windows of `size` fit along an axis. */
export function windowCount(length: number, size: number, stride: number, dilation: number): number {
  return Math.max(0, Math.floor((length - dilation * (size - 1) - 1) / stride) + 1);
}

function windowShape(shape: readonly number[], { axes, size, strides, dilation }: PrimitiveAttributes['window']): number[] {
  const outer = [...shape];
  axes.forEach((axis, i) => {
    outer[axis] = windowCount(shape[axis]!, size[i]!, strides[i]!, dilation[i]!);
  });
  return [...outer, ...size];
}

/** Sizes beyond whole numbers come of lengths that are not known: the order in which these are multiplied rounds them. */
function sameSize(a: number, b: number): boolean {
  return a === b || (a >= 2 ** 53 && Math.abs(a - b) < a * 2 ** -40);
}

export const movementRows: {
  readonly [K in ViewPrimitive | 'pad' | 'concat' | 'fill']: PrimitiveRow<PrimitiveAttributes[K]>;
} = {
  reshape: {
    movesBytes: true,
    infer([x], { shape }) {
      checkShape('reshape', shape);
      if (!sameSize(sizeOf(shape), sizeOf(x!.shape))) {
        throw new ShapeError(`[reshape] the number of elements must stay: got ${formatShape(x!.shape)} and ${formatShape(shape)}`);
      }
      return [{ shape, dtype: x!.dtype }];
    },
    view: (view, { shape }) => reshapeView(view, shape),
  },
  broadcast: {
    movesBytes: true,
    infer([x], { shape }) {
      if (!sameShape(broadcastShapes('broadcast', x!.shape, shape), shape)) {
        throw new ShapeError(`[broadcast] only axes of length 1 stretch: got ${formatShape(x!.shape)} and ${formatShape(shape)}`);
      }
      return [{ shape, dtype: x!.dtype }];
    },
    view: (view, { shape }) => broadcastView(view, shape),
  },
  transpose: {
    movesBytes: true,
    infer([x], { permutation }) {
      const expected = x!.shape.map((_, axis) => axis);
      if (
        !sameShape(
          [...permutation].sort((a, b) => a - b),
          expected,
        )
      ) {
        throw new ShapeError(
          `[transpose] axes must be a permutation of ${formatShape(expected)}: got ${formatShape(permutation)} for shape ${formatShape(x!.shape)}`,
        );
      }
      return [{ shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype }];
    },
    view: (view, { permutation }) => transposeView(view, permutation),
  },
  slice: {
    movesBytes: true,
    infer([x], { starts, steps, shape }) {
      const fits = x!.shape.every((length, axis) => {
        const [start, step, count] = [starts[axis]!, steps[axis]!, shape[axis]!];
        const last = start + (count - 1) * step;
        return count === 0 || (step !== 0 && start >= 0 && start < length && last >= 0 && last < length);
      });
      if (!fits || shape.length !== x!.shape.length) {
        throw new ShapeError(
          `[slice] every element taken must be inside ${formatShape(x!.shape)}: got starts ${formatShape(starts)}, steps ${formatShape(steps)}, lengths ${formatShape(shape)}`,
        );
      }
      return [{ shape, dtype: x!.dtype }];
    },
    view: (view, { starts, steps, shape }) => sliceView(view, starts, steps, shape),
  },
  flip: {
    movesBytes: true,
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    view(view, { axes }) {
      const starts = view.shape.map((length, axis) => (axes.includes(axis) ? length - 1 : 0));
      const steps = view.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1));
      return sliceView(view, starts, steps, view.shape);
    },
  },
  window: {
    movesBytes: true,
    infer([x], attributes) {
      const positive = [attributes.size, attributes.strides, attributes.dilation].every((list) => list.every((n) => n >= 1));
      if (!positive) throw new ShapeError('[window] size, strides and dilation must be at least 1');
      return [{ shape: windowShape(x!.shape, attributes), dtype: x!.dtype }];
    },
    view: (view, attributes) =>
      windowView(view, attributes.axes, attributes.strides, attributes.dilation, windowShape(view.shape, attributes)),
  },
  pad: {
    strided: true,
    movesBytes: true,
    infer([x], { edges, interior }) {
      const shape = x!.shape.map((length, axis) => {
        const [before, after] = edges[axis]!;
        return before + after + length + Math.max(0, length - 1) * interior[axis]!;
      });
      return [{ shape: checkShape('pad', shape), dtype: x!.dtype }];
    },
  },
  concat: {
    strided: true,
    movesBytes: true,
    infer(inputs, { axis }) {
      if (inputs.length === 0) throw new ShapeError('[concat] needs at least one tensor: got none');
      oneDType('concat', inputs);
      const [first, ...rest] = inputs.map(({ shape }) => shape);
      const fits = rest.every((shape) => shape.length === first!.length && shape.every((n, a) => a === axis || n === first![a]));
      if (!fits) {
        throw new ShapeError(
          `[concat] shapes must be equal but for axis ${axis}: got ${inputs.map(({ shape }) => formatShape(shape)).join(' and ')}`,
        );
      }
      const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
      return [{ shape: first!.map((length, a) => (a === axis ? total : length)), dtype: inputs[0]!.dtype }];
    },
  },
  fill: { movesBytes: true, infer: (_, { shape, dtype }) => [{ shape: checkShape('fill', shape), dtype }] },
};
