import {
  type ArgReduction,
  bytesPerElement,
  contiguousStrides,
  type Kernel,
  type Kernels,
  type Operand,
  type ReduceAttributes,
  type Reduction,
  sizeOf,
} from '@tessera/core';
import { bitsOf } from './movement.ts';
import { forEachLine, forEachPlane } from './lines.ts';
import { addressOf, type KernelExports, type Runtime, suffixOf } from './runtime.ts';

const start: { readonly [K in Reduction]: number } = { sum: 0, prod: 1, max: -Infinity, min: Infinity };
const integerStart: { readonly [K in Reduction]: number } = { sum: 0, prod: 1, max: -(2 ** 31), min: 2 ** 31 - 1 };

function fold(runtime: Runtime, op: Reduction): Kernel<ReduceAttributes> {
  const { kernels } = runtime;
  return ([x], { axes }, [y]) => {
    const suffix = suffixOf(x);
    const count = sizeOf(y.view.shape);
    if (count === 0) return;
    const kernel = kernels[`${op}_${suffix}` as keyof KernelExports];
    const size = bytesPerElement(x.dtype);
    // Sums and products of floats gather in doubles beside the output.
    const wide = suffix === 'f32' && (op === 'sum' || op === 'prod');
    const accumulators = wide ? runtime.scratch(count * 8) : addressOf(y);
    const accumulatorSize = wide ? 8 : size;
    if (wide) kernels.fill_64(count, start[op], 0, accumulators);
    else if (suffix === 'u8') kernels.fill_8(count, 0, op === 'max' ? 0 : 1, accumulators);
    else kernels.fill_32(count, 0, suffix === 'i32' ? integerStart[op] : bitsOf(start[op], 'float32'), accumulators);

    // Kept axes first, folded ones after; the output's stride along folded axes is 0.
    const { shape, strides } = x.view;
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const outStrides = contiguousStrides(kept.map((axis) => shape[axis]));
    const target = shape.map((_, axis) => (axes.includes(axis) ? 0 : outStrides[kept.indexOf(axis)]));
    const from = addressOf(x);
    forEachPlane(shape, [strides, target], ([px, py], { rows, length, jumps: [rx, ry], steps: [sx, sy] }) => {
      const [at, to] = [from + px * size, accumulators + py * accumulatorSize];
      if (ry === 0) kernel(rows, rx, length, at, sx, to, sy);
      else for (let i = 0; i < rows; i++) kernel(1, 0, length, at + i * rx * size, sx, to + i * ry * accumulatorSize, sy);
    });
    if (wide) kernels.cast(8, 7, count, accumulators, 1, addressOf(y));
  };
}

function argFold({ kernels }: Runtime, op: ArgReduction): Kernel<ReduceAttributes> {
  return ([x], { axes }, [y]) => {
    const kernel = kernels[`${op}_${suffixOf(x)}` as keyof KernelExports];
    const size = bytesPerElement(x.dtype);
    const { shape, strides } = x.view;
    const [from, to] = [addressOf(x), addressOf(y)];
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const [axis] = axes;
    const [n, step] = axes.length === 1 ? [shape[axis], strides[axis]] : [sizeOf(shape), 1];
    const lanes = kept.map((a) => shape[a]);
    forEachLine(lanes, [kept.map((a) => strides[a]), contiguousStrides(lanes)], ([px, py], count, [sx, sy]) => {
      for (let i = 0; i < count; i++) kernel(n, from + (px + i * sx) * size, step, to + (py + i * sy) * 4);
    });
  };
}

export function reduction(runtime: Runtime): Pick<Kernels, Reduction | ArgReduction | 'cumsum'> {
  const { kernels } = runtime;
  return {
    sum: fold(runtime, 'sum'),
    prod: fold(runtime, 'prod'),
    max: fold(runtime, 'max'),
    min: fold(runtime, 'min'),
    argmax: argFold(runtime, 'argmax'),
    argmin: argFold(runtime, 'argmin'),
    cumsum([x], { axis }, [y]) {
      forEachLane(x, axis, (offset, length, step) => {
        kernels[x.dtype === 'int32' ? 'cumsum_i32' : 'cumsum_f32'](length, addressOf(x) + offset * 4, addressOf(y) + offset * 4, step);
      });
    },
  };
}

/** The lanes of a contiguous operand along an axis: where each begins (in elements), its length and its step. */
export function forEachLane(
  { view: { shape } }: Operand,
  axis: number,
  visit: (offset: number, length: number, step: number) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const step = sizeOf(shape.slice(axis + 1));
  const length = shape[axis];
  const lanes = sizeOf(shape) / length;
  for (let lane = 0; lane < lanes; lane++) visit(Math.floor(lane / step) * length * step + (lane % step), length, step);
}
