import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { broadcastShapes, sizeOf } from './shape.ts';
import { broadcastView, contiguousView, mergeAxes, reshapeView, sliceView, transposeView, type View } from './view.ts';

/** The places of a view's elements in row-major order, one by one from the definition. */
function places({ shape, strides, offset }: View): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let [place, rest] = [offset, i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return place;
  });
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

test.prop([shapes, fc.infiniteStream(fc.nat())])(
  'a reshaped view has the same elements in the same order, or needs a copy',
  (shape, random) => {
    const next = (n: number): number => random.next().value! % n;
    let view: View = contiguousView(shape);
    if (shape.length > 1 && next(2))
      view = transposeView(
        view,
        shape.map((_, axis) => (axis + 1) % shape.length),
      );
    if (shape.length && next(2))
      view = sliceView(
        view,
        view.shape.map(() => 0),
        view.shape.map(() => 1),
        view.shape.map((n) => Math.max(1, n - 1)),
      );
    if (shape.length && next(2)) view = broadcastView(view, [2, ...view.shape]);
    const size = sizeOf(view.shape);
    const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((n) => size % n === 0);
    const first = divisors[next(divisors.length)]!;
    const reshaped = reshapeView(view, [first, size / first, 1]);
    if (reshaped) expect(places(reshaped)).toEqual(places(view));
  },
);

test.prop([shapes, shapes])('shapes broadcast by the rule of NumPy, written out', (a, b) => {
  const rank = Math.max(a.length, b.length);
  const at = (shape: number[], axis: number): number => shape[axis - (rank - shape.length)] ?? 1;
  const axes = Array.from({ length: rank }, (_, axis) => [at(a, axis), at(b, axis)] as const);
  const fits = axes.every(([m, n]) => m === n || m === 1 || n === 1);
  if (fits) expect(broadcastShapes('add', a, b)).toEqual(axes.map(([m, n]) => (m === 1 ? n : m)));
  else expect(() => broadcastShapes('add', a, b)).toThrow(/\[add\] shapes must be equal or 1 on every axis/);
});

test.prop([shapes, fc.infiniteStream(fc.nat())])(
  'merged axes lead through the elements of all operands in the same order',
  (shape, random) => {
    const whole = contiguousView(shape);
    const broadcast = broadcastView(contiguousView(shape.map((length) => (random.next().value! % 2 ? 1 : length))), shape);
    const { lengths, strides } = mergeAxes(shape, [whole.strides, broadcast.strides]);
    expect(mergeAxes(shape, [whole.strides]).lengths.length).toBeLessThan(2);
    for (const [i, view] of [whole, broadcast].entries()) {
      expect(places({ shape: lengths, strides: strides[i]!, offset: 0 })).toEqual(places(view));
    }
  },
);
