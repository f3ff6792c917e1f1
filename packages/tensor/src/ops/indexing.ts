import { formatShape, normalizeAxis, type ScatterMode, type Shape, ShapeError, UsageError } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { isTensor } from '../brand.ts';
import { run } from '../door.ts';
import { op } from '../op.ts';
import { toNumber } from '../nested.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { add, equal, where } from './elementwise.ts';
import { expandDims, reshape } from './movement.ts';
import { cast, promote } from './promote.ts';

/**
 * One entry of NumPy's basic indexing: a number takes that element and drops the axis; `':'`, `'1:5'`, `'::-1'` or
 * `[start, stop, step]` take a range (`null` leaves an end open); `null` makes a new axis; `'...'` stands for all axes
 * not named; an int32 tensor takes those elements.
 */
export type Index = number | string | null | readonly (number | null | undefined)[] | Tensor;

interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function rangeOf(entry: string | readonly (number | null | undefined)[], length: number): Range {
  const parts = typeof entry === 'string' ? entry.split(':').map((part) => (part.trim() === '' ? null : Number(part))) : entry;
  if (
    parts.length > 3 ||
    (typeof entry === 'string' && parts.length < 2) ||
    parts.some((part) => part != null && !Number.isInteger(part))
  ) {
    throw new ShapeError(`[at] a range reads start:stop:step: got ${JSON.stringify(entry)}`);
  }
  const step = parts[2] ?? 1;
  if (step === 0) throw new ShapeError('[at] the step of a range must not be 0');
  const bound = (at: number, least: number, most: number): number => Math.min(Math.max(at < 0 ? at + length : at, least), most);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const start = parts[0] == null ? (step > 0 ? 0 : length - 1) : bound(parts[0], low, high);
  const stop = parts[1] == null ? (step > 0 ? length : -1) : bound(parts[1], low, high);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

/** NumPy's basic indexing, and integer tensors: `at(x, 0, ':', '1:5:2')`. @throws ShapeError for an index out of range. */
export const at: (x: Tensor, ...index: readonly Index[]) => Tensor = op('at', (x, ...index) => {
  const named = index.filter((entry) => entry !== null && entry !== '...').length;
  if (named > x.rank) throw new ShapeError(`[at] ${named} indices are too many for shape ${formatShape(x.shape)}`);
  const gap = index.indexOf('...');
  const fill = new Array<Index>(x.rank - named).fill(':');
  const entries = gap < 0 ? [...index, ...fill] : [...index.slice(0, gap), ...fill, ...index.slice(gap + 1)];

  const ranges: Range[] = [];
  const shape: number[] = [];
  const taken: { indices: Tensor; axis: number }[] = [];
  for (const entry of entries) {
    if (entry === null) {
      shape.push(1);
      continue;
    }
    const length = x.shape[ranges.length]!;
    if (typeof entry === 'number') {
      const place = entry < 0 ? entry + length : entry;
      if (!Number.isInteger(entry) || place < 0 || place >= length) {
        throw new ShapeError(`[at] index must be from ${-length} to ${length - 1} on axis ${ranges.length}: got ${entry}`);
      }
      ranges.push({ start: place, step: 1, count: 1 });
      continue;
    }
    if (isTensor(entry)) taken.push({ indices: entry, axis: shape.length });
    const range = isTensor(entry) ? { start: 0, step: 1, count: length } : rangeOf(entry, length);
    ranges.push(range);
    shape.push(range.count);
  }
  const sliced = run('slice', [x], {
    starts: ranges.map(({ start, count }) => (count === 0 ? 0 : start)),
    steps: ranges.map(({ step }) => step),
    shape: ranges.map(({ count }) => count),
  })[0]!;
  if (taken.length > 1) throw new UsageError('[at] at most one index may be a tensor. Use gather for more.');
  const basic = reshape(sliced, shape);
  return taken.length ? take(basic, taken[0]!.indices, taken[0]!.axis) : basic;
});

function indexTensor(indices: Int32Array, shape: Shape, like: Tensor): Tensor {
  return like.device.upload(new Uint8Array(indices.buffer), { shape, dtype: 'int32' });
}

function asIndices(indices: Tensor | readonly number[], like: Tensor): Tensor {
  if (isTensor(indices)) return cast(indices, 'int32');
  return indexTensor(Int32Array.from(indices), [indices.length], like);
}

/** y[…, i…, …] = x[…, indices[i…], …] along an axis; negative indices count from the end, others out of range give NaN or 0. */
export const take: (x: Tensor, indices: Tensor | readonly number[], axis?: number) => Tensor = op(
  'take',
  (x, indices, axis = 0) => run('gather', [x, asIndices(indices, x)], { axis: normalizeAxis('take', axis, x.shape) })[0]!,
);
/** {@link take} under PyTorch's and TensorFlow's name. */
export const gather: typeof take = take;
/** y[i, j, k] = x[i, indices[i, j, k], k] for axis 1, and likewise for others. */
export const takeAlongAxis: (x: Tensor, indices: Tensor, axis: number) => Tensor = op(
  'takeAlongAxis',
  (x, indices, axis) =>
    run(composites.takeAlongAxis, [x, cast(indices, 'int32')], { axis: normalizeAxis('takeAlongAxis', axis, x.shape) })[0]!,
);
/** x with `updates` set, added, or the larger or smaller taken, at `indices` along an axis; indices out of range are dropped. */
export const scatter: (
  x: Tensor,
  indices: Tensor | readonly number[],
  updates: Tensor,
  options?: { axis?: number; mode?: ScatterMode },
) => Tensor = op('scatter', (x, indices, updates, { axis = 0, mode = 'set' } = {}) => {
  const [into, values] = promote('scatter', [x, updates]) as [Tensor, Tensor];
  return run('scatter', [into, asIndices(indices, x), values], { axis: normalizeAxis('scatter', axis, x.shape), mode })[0]!;
});
/** The adjoint of {@link takeAlongAxis}: y[i, indices[i, j, k], k] gets updates[i, j, k] for axis 1. */
export const scatterAlongAxis: (x: Tensor, indices: Tensor, updates: Tensor, options?: { axis?: number; mode?: ScatterMode }) => Tensor =
  op('scatterAlongAxis', (x, indices, updates, { axis = 0, mode = 'set' } = {}) => {
    const along = normalizeAxis('scatterAlongAxis', axis, x.shape);
    const n = x.shape[along]!;
    // Numbering the elements and taking the numbers along the axis tells where each update goes.
    const one = run('fill', [], { value: 1, shape: [x.size], dtype: 'int32' }, x.device)[0]!;
    const numbers = reshape(run('cumsum', [one], { axis: 0 })[0]!.sub(1), x.shape);
    const inside = where(cast(indices, 'int32').less(0), add(cast(indices, 'int32'), n), cast(indices, 'int32'));
    const flat = takeAlongAxis(numbers, inside, along);
    const part = updates.at(...indices.shape.map((length) => `0:${length}`));
    return reshape(scatter(reshape(x, [-1]), reshape(flat, [-1]), reshape(part, [-1]), { mode }), x.shape);
  });
/** Ones at the indices, zeros elsewhere, along a new last axis; an index out of range gives only zeros. */
export const oneHot: (indices: Tensor, classes: number) => Tensor = op('oneHot', (indices, classes) => {
  const numbers = run('cumsum', [run('fill', [], { value: 1, shape: [classes], dtype: 'int32' }, indices.device)[0]!], { axis: 0 })[0]!.sub(
    1,
  );
  return cast(equal(expandDims(cast(indices, 'int32'), -1), numbers), 'float32');
});
/** x with `value` wherever the mask holds. */
export const maskedFill: (x: Tensor, mask: Tensor, value: Operand) => Tensor = op('maskedFill', (x, mask, value) => {
  const [into, filling] = promote('maskedFill', [x, value]) as [Tensor, Tensor];
  return where(mask, cast(filling, x.dtype), cast(into, x.dtype));
});
/** The elements where a mask holds, in order, as a vector. Its length depends on values, so it reads them back. */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  const held = await mask.broadcastTo(x.shape).data();
  const places = Int32Array.from(held.keys()).filter((i) => held[i]);
  return take(reshape(x, [-1]), indexTensor(places, [places.length], x));
}
/** The places of the elements that are not zero: int32 `[count, rank]`. It reads the values back. */
export async function argwhere(x: Tensor): Promise<Tensor> {
  const data = await x.data();
  const rows: number[] = [];
  let count = 0;
  data.forEach((element: number | bigint, i: number) => {
    if (!toNumber(x.dtype)(element)) return;
    count++;
    const row = new Array<number>(x.rank);
    for (let axis = x.rank - 1, rest = i; axis >= 0; rest = Math.floor(rest / x.shape[axis--]!)) row[axis] = rest % x.shape[axis]!;
    rows.push(...row);
  });
  return indexTensor(Int32Array.from(rows), [count, x.rank], x);
}
/** x with the elements that an index selects replaced. */
export const setAt: (x: Tensor, index: readonly Index[], values: Operand) => Tensor = op('setAt', (x, index, values) => {
  const one = run('fill', [], { value: 1, shape: [x.size], dtype: 'int32' }, x.device)[0]!;
  const numbers = reshape(run('cumsum', [one], { axis: 0 })[0]!.sub(1), x.shape);
  const places = at(numbers, ...index);
  const [into, filling] = promote('setAt', [x, values]) as [Tensor, Tensor];
  const spread = run('broadcast', [filling], { shape: places.shape })[0]!;
  return reshape(scatter(reshape(into, [-1]), reshape(places, [-1]), reshape(spread, [-1])), x.shape);
});
/** The one element as a number. @throws ShapeError if there are several. */
export async function item(x: Tensor): Promise<number> {
  if (x.size !== 1) throw new ShapeError(`[item] the tensor must have one element: got shape ${formatShape(x.shape)}`);
  return toNumber(x.dtype)((await x.data())[0]!);
}
