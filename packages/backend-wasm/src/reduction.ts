import {
  type ArgReduction,
  bytesPerElement,
  contiguousStrides,
  type Kernel,
  type Kernels,
  type ReduceAttributes,
  type Reduction,
  sizeOf,
} from '@tessera/core';
import { lanesOf, overLanes } from './lanes.ts';
import { forEachLine, planesOf, type Plane } from './lines.ts';
import { type Parts, partsOf } from './parts.ts';
import { addressAt, addressOf, bySuffix, type Runtime, type Suffix, suffixOf } from './runtime.ts';

/** What a fold starts with: of numbers as they are, of floats gathered as such by their bits. */
const start: { readonly [K in Reduction]: number } = { sum: 0, prod: 1, max: -(2 ** 31), min: 2 ** 31 - 1 };
const startBits: { readonly [K in Reduction]: number } = { sum: 0, prod: 0x3f800000, max: -0x800000, min: 0x7f800000 };

/** What an element takes, roughly. */
const NANOSECONDS = 0.2;
/** Columns that are folded by themselves where there are so many, whoever does which. */
const MANY_COLUMNS = 64;
/** How a plane is folded: in so many parts of `per` rows (or elements of the only row), whose accumulators lie `apart` elements apart. */
interface Folding extends Parts {
  readonly apart: number;
}

function foldingOf({ rows, length, jumps, steps }: Plane, count: number): Folding {
  const keptRows = jumps[1];
  const keptColumns = steps[1];
  if (keptRows !== 0) return { parts: rows, per: 1, apart: keptRows };
  if (keptColumns !== 0 && length >= MANY_COLUMNS) return { parts: 1, per: rows === 1 ? length : rows, apart: 0 };
  const along = rows === 1 ? length : rows;
  const each = rows === 1 ? 1 : length;
  if (keptColumns !== 0 && rows === 1) return { parts: 1, per: along, apart: count };
  const { parts, per } = partsOf(along, each);
  return { parts, per, apart: count };
}

/** Puts what a fold starts with into n accumulators, of doubles where they are `wide`. */
function begin({ kernels }: Runtime, op: Reduction, suffix: Suffix, wide: boolean, n: number, at: number): void {
  if (wide) kernels.fill_64(n, start[op], 0, at);
  else if (suffix === 'u8') kernels.fill_8(n, 0, op === 'max' ? 0 : 1, at);
  else kernels.fill_32(n, 0, suffix === 'i32' ? start[op] : startBits[op], at);
}

function fold(runtime: Runtime, op: Reduction): Kernel<ReduceAttributes> {
  const { kernels } = runtime;
  const names = bySuffix(op);
  return ([x], { axes }, [y]) => {
    const count = sizeOf(y.view.shape);
    if (count === 0) return;
    const suffix = suffixOf(x);
    const kernel = names[suffix];
    const size = bytesPerElement(x.dtype);
    const to = addressOf(y);
    const { shape, strides } = x.view;
    if (sizeOf(shape) === 0) return begin(runtime, op, suffix, false, count, to);
    // Sums and products of floats gather in doubles beside the output.
    const wide = suffix === 'f32' && (op === 'sum' || op === 'prod');
    const unit = wide ? 8 : size;

    // The output's stride along folded axes is 0.
    const target = new Array<number>(shape.length).fill(0);
    for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
      if (axes.includes(axis)) continue;
      target[axis] = step;
      step *= shape[axis];
    }
    const planes = planesOf(shape, [strides, target]);
    const { rows, length, jumps, steps } = planes;
    const { parts, per, apart } = foldingOf(planes, count);
    const parted = apart === count && jumps[1] === 0 ? parts : 1;
    const accumulators = wide || parted > 1 ? runtime.scratch(parted * count * unit) : to;
    begin(runtime, op, suffix, wide, parted * count, accumulators);
    planes.forEach((places) => {
      const at = addressAt(x, places[0]);
      const into = accumulators + places[1] * unit;
      const parameters = [0, parts, per, rows, jumps[0], length, at, steps[0], into, steps[1], apart];
      const nanoseconds = rows * length * NANOSECONDS;
      const byColumns = parts === 1 && steps[1] !== 0 && rows > 1;
      const moves: [number, number][] = byColumns
        ? [
            [6, steps[0] * size],
            [8, steps[1] * unit],
          ]
        : [[0, 1]];
      const split = byColumns
        ? { units: length, grain: 16, count: [5, 1] as const, moves, nanoseconds }
        : { units: parts, grain: 1, count: [1, 1] as const, moves, nanoseconds };
      runtime.call(kernel, parameters, split);
    });
    if (wide) kernels.roundSums(parted, count, accumulators, count, Number(op === 'prod'), to);
    else if (parted > 1) {
      begin(runtime, op, suffix, wide, count, to);
      kernels[kernel](0, 1, parted, parted, count, count, accumulators, 1, to, 1, 0);
    }
  };
}

function argFold(runtime: Runtime, op: ArgReduction): Kernel<ReduceAttributes> {
  const names = bySuffix(op);
  return ([x], { axes }, [y]) => {
    const size = bytesPerElement(x.dtype);
    const { shape, strides } = x.view;
    const [from, to] = [addressOf(x), addressOf(y)];
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const [axis] = axes;
    const [n, step] = axes.length === 1 ? [shape[axis], strides[axis]] : [sizeOf(shape), 1];
    const lanes = kept.map((a) => shape[a]);
    forEachLine(lanes, [kept.map((a) => strides[a]), contiguousStrides(lanes)], ([px, py], count, [jump]) => {
      runtime.call(names[suffixOf(x)], [count, n, from + px * size, jump, step, to + py * 4], {
        units: count,
        count: [0, 1],
        moves: [
          [2, jump * size],
          [5, 4],
        ],
        nanoseconds: count * n,
      });
    });
  };
}

export function reduction(runtime: Runtime): Pick<Kernels, Reduction | ArgReduction | 'cumsum'> {
  return {
    sum: fold(runtime, 'sum'),
    prod: fold(runtime, 'prod'),
    max: fold(runtime, 'max'),
    min: fold(runtime, 'min'),
    argmax: argFold(runtime, 'argmax'),
    argmin: argFold(runtime, 'argmin'),
    cumsum([x], { axis }, [y]) {
      if (sizeOf(x.view.shape) === 0) return;
      const lanes = lanesOf(x.view.shape, axis);
      const { length, inner } = lanes;
      overLanes(runtime, x.dtype === 'int32' ? 'cumsum_i32' : 'cumsum_f32', lanes, {
        parameters: [length, inner, addressOf(x), addressOf(y)],
        operands: [4, 5].map((place) => ({ place, length, size: 4 })),
        nanoseconds: sizeOf(x.view.shape),
      });
    },
  };
}
