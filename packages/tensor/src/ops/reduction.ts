import { normalizeAxes, normalizeAxis, type Reduction, sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Axes, ReduceOptions, Tensor } from '../tensor.ts';
import { abs, add, div, equal, exp, isNaN, log, mul, notEqual, pow, sqrt, square, sub, where } from './elementwise.ts';
import { moveAxis, reshape } from './movement.ts';
import { asFloat, asNumber, cast } from './promote.ts';
import { sort } from './sort.ts';

type Options = ReduceOptions | Axes | undefined;

function resolve(where: string, x: Tensor, options: Options): { axes: number[]; keepDims: boolean } {
  const { axis, keepDims = false }: ReduceOptions =
    typeof options === 'number' || Array.isArray(options) ? { axis: options as Axes } : ((options ?? {}) as ReduceOptions);
  return { axes: normalizeAxes(where, axis, x.shape), keepDims };
}

const reduce = (name: Reduction, x: Tensor, options: Options): Tensor => run(name, [x], resolve(name, x, options))[0]!;

/** Σ x over the axes; 0 over no elements. bool is counted as int32. */
export const sum: (x: Tensor, options?: Options) => Tensor = op('sum', (x, options) => reduce('sum', asNumber(x), options));
/** Π x over the axes; 1 over no elements. */
export const prod: (x: Tensor, options?: Options) => Tensor = op('prod', (x, options) => reduce('prod', asNumber(x), options));
/** The largest element; NaN if one is. @throws ShapeError over no elements. */
export const max: (x: Tensor, options?: Options) => Tensor = op('max', (x, options) => reduce('max', x, options));
/** The smallest element; NaN if one is. @throws ShapeError over no elements. */
export const min: (x: Tensor, options?: Options) => Tensor = op('min', (x, options) => reduce('min', x, options));
/** Whether any element is not zero. */
export const any: (x: Tensor, options?: Options) => Tensor = op('any', (x, options) =>
  cast(notEqual(sum(notEqual(x, 0), options), 0), 'bool'),
);
/** Whether all elements are not zero. */
export const all: (x: Tensor, options?: Options) => Tensor = op('all', (x, options) => equal(sum(equal(x, 0), options), 0));
/** How many elements are not zero: int32. */
export const countNonzero: (x: Tensor, options?: Options) => Tensor = op('countNonzero', (x, options) => sum(notEqual(x, 0), options));
/** Σ x / n over the axes; integers become float32. */
export const mean: (x: Tensor, options?: Options) => Tensor = op('mean', (x, options) => {
  const { axes, keepDims } = resolve('mean', x, options);
  const count = sizeOf(axes.map((axis) => x.shape[axis]!));
  return div(sum(asFloat(x), { axis: axes, keepDims }), count);
});

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the count in the denominator: 0 for a population (default, as NumPy), 1 for a sample. */
  readonly correction?: number;
}

/** Σ (x − x̄)² / (n − correction) over the axes. */
export const variance: (x: Tensor, options?: VarianceOptions) => Tensor = op('variance', (x, { correction = 0, ...options } = {}) => {
  const { axes, keepDims } = resolve('variance', x, options);
  const count = sizeOf(axes.map((axis) => x.shape[axis]!));
  const centred = sub(asFloat(x), mean(x, { axis: axes, keepDims: true }));
  return div(sum(square(centred), { axis: axes, keepDims }), Math.max(0, count - correction));
});
/** The square root of {@link variance}. */
export const std: (x: Tensor, options?: VarianceOptions) => Tensor = op('std', (x, options) => sqrt(variance(x, options)));
/** ln Σ eˣ over the axes, without overflow. */
export const logSumExp: (x: Tensor, options?: Options) => Tensor = op('logSumExp', (x, options) => {
  const { axes, keepDims } = resolve('logSumExp', x, options);
  const most = max(asFloat(x), { axis: axes, keepDims: true });
  // An infinite maximum must not be subtracted: Inf − Inf is NaN.
  const shift = where(equal(abs(most), Infinity), 0, most);
  const total = add(log(sum(exp(sub(asFloat(x), shift)), { axis: axes, keepDims: true })), shift);
  return keepDims ? total : reshape(total, sum(x, { axis: axes }).shape);
});
/** Σ x² over the axes. */
export const sumSquare: (x: Tensor, options?: Options) => Tensor = op('sumSquare', (x, options) => {
  const { axes, keepDims } = resolve('sumSquare', x, options);
  if (keepDims || axes.length < x.rank) return sum(square(asFloat(x)), { axis: axes, keepDims });
  return run(composites.sumSquare, [asFloat(x)], {})[0]!;
});
/** (Σ |x|ᵖ)^(1/p) over the axes; p may be ±∞ or 0. */
export const norm: (x: Tensor, options?: ReduceOptions & { readonly ord?: number }) => Tensor = op(
  'norm',
  (x, { ord = 2, ...options } = {}) => {
    if (ord === Infinity) return max(abs(x), options);
    if (ord === -Infinity) return min(abs(x), options);
    if (ord === 0) return cast(countNonzero(x, options), asFloat(x).dtype);
    if (ord === 1) return sum(abs(asFloat(x)), options);
    if (ord === 2) return sqrt(sumSquare(x, options));
    return pow(sum(pow(abs(asFloat(x)), ord), options), 1 / ord);
  },
);
/** Σ of the elements that are not NaN. */
export const nanSum: (x: Tensor, options?: Options) => Tensor = op('nanSum', (x, options) => sum(where(isNaN(x), 0, x), options));
/** The mean of the elements that are not NaN. */
export const nanMean: (x: Tensor, options?: Options) => Tensor = op('nanMean', (x, options) =>
  div(nanSum(x, options), sum(equal(isNaN(x), false), options)),
);

function argReduce(name: 'argmax' | 'argmin', x: Tensor, axis: number | undefined, keepDims: boolean): Tensor {
  return run(name, [x], { axes: normalizeAxes(name, axis, x.shape), keepDims })[0]!;
}
/** Where the first largest element is: int32; of the flattened tensor without an axis. NaN counts as largest. */
export const argmax: (x: Tensor, axis?: number, keepDims?: boolean) => Tensor = op('argmax', (x, axis, keepDims = false) =>
  argReduce('argmax', x, axis, keepDims),
);
/** Where the first smallest element is: int32. NaN counts as smallest. */
export const argmin: (x: Tensor, axis?: number, keepDims?: boolean) => Tensor = op('argmin', (x, axis, keepDims = false) =>
  argReduce('argmin', x, axis, keepDims),
);

/** yᵢ = Σ_{j ≤ i} xⱼ along an axis; of the flattened tensor without one. */
export const cumsum: (x: Tensor, axis?: number) => Tensor = op('cumsum', (x, axis) => {
  if (axis === undefined) return cumsum(reshape(x, [-1]), 0);
  if (x.rank === 0) return x;
  return run('cumsum', [asNumber(x)], { axis: normalizeAxis('cumsum', axis, x.shape) })[0]!;
});
// Doubling: after step k every element holds the combination of the 2ᵏ before it, itself included.
function scanBy(combine: (a: Tensor, b: Tensor) => Tensor, x: Tensor, axis: number): Tensor {
  if (x.rank === 0) return x;
  const at = normalizeAxis('cumulative', axis, x.shape);
  const length = x.shape[at]!;
  const part = (t: Tensor, start: number, count: number): Tensor =>
    run('slice', [t], {
      starts: t.shape.map((_, a) => (a === at ? start : 0)),
      steps: t.shape.map(() => 1),
      shape: t.shape.map((n, a) => (a === at ? count : n)),
    })[0]!;
  let y = x;
  for (let step = 1; step < length; step *= 2) {
    const moved = combine(part(y, 0, length - step), part(y, step, length - step));
    y = run('concat', [part(y, 0, step), moved], { axis: at })[0]!;
  }
  return y;
}
/** yᵢ = Π_{j ≤ i} xⱼ along an axis. */
export const cumprod: (x: Tensor, axis?: number) => Tensor = op('cumprod', (x, axis = 0) => scanBy(mul, asNumber(x), axis));
/** yᵢ = ln Σ_{j ≤ i} e^xⱼ along an axis. */
export const logCumSumExp: (x: Tensor, axis?: number) => Tensor = op('logCumSumExp', (x, axis = 0) => {
  const larger = (a: Tensor, b: Tensor): Tensor => {
    const most = run('maximum', [a, b], {})[0]!;
    const shift = where(equal(abs(most), Infinity), 0, most);
    return add(shift, log(add(exp(sub(a, shift)), exp(sub(b, shift)))));
  };
  return scanBy(larger, asFloat(x), axis);
});
/** The lower of the two middle elements along an axis, as PyTorch; of the flattened tensor without one. */
export const median: (x: Tensor, axis?: number) => Tensor = op('median', (x, axis) => {
  if (axis === undefined) return median(reshape(x, [-1]), 0);
  const at = normalizeAxis('median', axis, x.shape);
  const sorted = moveAxis(sort(x, at), at, 0);
  const [length, ...rest] = sorted.shape;
  const middle = Math.floor((length! - 1) / 2);
  const picked = run('slice', [sorted], {
    starts: [middle, ...rest.map(() => 0)],
    steps: sorted.shape.map(() => 1),
    shape: [1, ...rest],
  })[0]!;
  return reshape(picked, rest);
});
/** The trapezoidal rule ∫ y dx along the last axis, with points `dx` apart. */
export const trapezoid: (y: Tensor, dx?: number) => Tensor = op('trapezoid', (y, dx = 1) => {
  const ends = add(y.at('...', 0), y.at('...', -1));
  return mul(sub(sum(y, -1), mul(ends, 0.5)), dx);
});
/** xₙ₊₁ − xₙ along an axis, `n` times. */
export const diff: (x: Tensor, n?: number, axis?: number) => Tensor = op('diff', (x, n = 1, axis = -1) => {
  let y = moveAxis(x, axis, 0);
  for (let i = 0; i < n; i++) y = y.dtype === 'bool' ? notEqual(y.at('1:'), y.at(':-1')) : sub(y.at('1:'), y.at(':-1'));
  return moveAxis(y, 0, axis);
});
