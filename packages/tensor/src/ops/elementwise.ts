import type { Comparison, DType, FloatUnary, NumberBinary, NumberUnary } from '@tessera/core';
import { isFloat } from '@tessera/core';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Operand, Tensor } from '../tensor.ts';
import { asFloat, asNumber, cast, promote } from './promote.ts';

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

/* @__NO_SIDE_EFFECTS__ */
const floatOp = (name: FloatUnary): Unary => op(name, (x) => run(name, [asFloat(x)], {})[0]!);
/* @__NO_SIDE_EFFECTS__ */
const numberOp = (name: NumberUnary): Unary => op(name, (x) => run(name, [asNumber(x)], {})[0]!);
/* @__NO_SIDE_EFFECTS__ */
const binaryOp = (name: NumberBinary): Binary => op(name, (a, b) => run(name, promote(name, [a, b]).map(asNumber), {})[0]!);
/* @__NO_SIDE_EFFECTS__ */
const divisionOp = (name: 'div' | 'atan2'): Binary => op(name, (a, b) => run(name, promote(name, [a, b]).map(asFloat), {})[0]!);
/* @__NO_SIDE_EFFECTS__ */
const comparison = (name: Comparison): Binary => op(name, (a, b) => run(name, promote(name, [a, b]), {})[0]!);

// Arithmetic. Dtypes are promoted, shapes broadcast; a JavaScript number never widens a tensor.
/** a + b */
export const add: Binary = binaryOp('add');
/** a − b */
export const sub: Binary = binaryOp('sub');
/** a · b */
export const mul: Binary = binaryOp('mul');
/** a / b; integers become float32. */
export const div: Binary = divisionOp('div');
/** ⌊a / b⌋; an integer divided by 0 gives 0. */
export const floorDivide: Binary = binaryOp('floorDivide');
/** a − b·⌊a/b⌋: the remainder with the divisor's sign, as Python's. */
export const mod: Binary = binaryOp('mod');
/** a − b·trunc(a/b): the remainder with the dividend's sign, as C's fmod. */
export const fmod: Binary = op('fmod', (a, b) => {
  const [x, y] = promote('fmod', [a, b]) as [Tensor, Tensor];
  return mul(sign(x), mod(abs(x), abs(y)));
});
/** aᵇ */
export const pow: Binary = binaryOp('pow');
/** The larger; NaN if either is. */
export const maximum: Binary = binaryOp('maximum');
/** The smaller; NaN if either is. */
export const minimum: Binary = binaryOp('minimum');
/** The larger; of NaN and a number, the number. */
export const fmax: Binary = op('fmax', (a, b) => {
  const [x, y] = promote('fmax', [a, b]).map(asFloat) as [Tensor, Tensor];
  return where(isNaN(x), y, where(isNaN(y), x, maximum(x, y)));
});
/** The smaller; of NaN and a number, the number. */
export const fmin: Binary = op('fmin', (a, b) => {
  const [x, y] = promote('fmin', [a, b]).map(asFloat) as [Tensor, Tensor];
  return where(isNaN(x), y, where(isNaN(y), x, minimum(x, y)));
});
/** The angle of the point (b, a) in radians, from −π to π. */
export const atan2: Binary = divisionOp('atan2');
/** √(a² + b²), scaled so that squares neither overflow nor vanish. */
export const hypot: Binary = op('hypot', (a, b) => {
  const [x, y] = promote('hypot', [a, b]).map((t) => abs(asFloat(t))) as [Tensor, Tensor];
  const most = maximum(x, y);
  const ratio = where(equal(most, 0), 0, div(minimum(x, y), most));
  return mul(most, sqrt(add(square(ratio), 1)));
});
/** |a| with the sign of b. */
export const copysign: Binary = op('copysign', (a, b) => {
  const [x, y] = promote('copysign', [a, b]).map(asFloat) as [Tensor, Tensor];
  return where(signbit(y), neg(abs(x)), abs(x));
});
/** ln(eᵃ + eᵇ) without overflow. */
export const logaddexp: Binary = op('logaddexp', (a, b) => {
  const [x, y] = promote('logaddexp', [a, b]).map(asFloat) as [Tensor, Tensor];
  const most = maximum(x, y);
  return where(equal(x, y), add(x, Math.LN2), add(most, log1p(exp(neg(abs(sub(x, y)))))));
});
/** log₂(2ᵃ + 2ᵇ) without overflow. */
export const logaddexp2: Binary = op('logaddexp2', (a, b) => {
  const [x, y] = promote('logaddexp2', [a, b]).map((t) => mul(asFloat(t), Math.LN2)) as [Tensor, Tensor];
  return div(logaddexp(x, y), Math.LN2);
});
/** a·ln b, and 0 where a is 0. */
export const xlogy: Binary = op('xlogy', (a, b) => {
  const [x, y] = promote('xlogy', [a, b]).map(asFloat) as [Tensor, Tensor];
  const zero = logicalAnd(equal(x, 0), logicalNot(isNaN(y)));
  return where(zero, 0, mul(x, log(where(zero, 1, y))));
});
/** a·2ᵇ */
export const ldexp: Binary = op('ldexp', (a, b) => {
  const [x, y] = promote('ldexp', [a, b]).map(asFloat) as [Tensor, Tensor];
  return mul(x, exp2(y));
});
/** a + w·(b − a) */
export const lerp: (a: Tensor, b: Tensor, weight: Operand) => Tensor = op('lerp', (a, b, weight) => add(a, mul(weight, sub(b, a))));

// Functions of one number.
export const neg: Unary = numberOp('neg');
export const abs: Unary = numberOp('abs');
/** −1, 0 or 1; NaN stays. */
export const sign: Unary = numberOp('sign');
export const floor: Unary = numberOp('floor');
export const ceil: Unary = numberOp('ceil');
/** The nearest whole number, halves to the even one; with `decimals`, the nearest multiple of 10^−decimals. */
export const round: (x: Tensor, decimals?: number) => Tensor = op('round', (x, decimals = 0) => {
  if (decimals === 0) return run('round', [asNumber(x)], {})[0]!;
  const scale = 10 ** Math.abs(decimals);
  return decimals > 0 ? div(round(mul(x, scale)), scale) : mul(round(div(x, scale)), scale);
});
/** The whole number nearest to x that is not larger in magnitude. */
export const trunc: Unary = op('trunc', (x) => (isFloat(x.dtype) ? mul(sign(x), floor(abs(x))) : x));
/** x − trunc(x) */
export const frac: Unary = op('frac', (x) => sub(x, trunc(x)));
export const exp: Unary = floatOp('exp');
/** 2ˣ */
export const exp2: Unary = op('exp2', (x) => exp(mul(asFloat(x), Math.LN2)));
/** eˣ − 1, exact near 0. */
export const expm1: Unary = floatOp('expm1');
/** The natural logarithm. */
export const log: Unary = floatOp('log');
export const log2: Unary = op('log2', (x) => mul(log(x), Math.LOG2E));
export const log10: Unary = op('log10', (x) => mul(log(x), Math.LOG10E));
/** ln(1 + x), exact near 0. */
export const log1p: Unary = floatOp('log1p');
export const sqrt: Unary = floatOp('sqrt');
/** 1/√x */
export const rsqrt: Unary = op('rsqrt', (x) => reciprocal(sqrt(x)));
export const square: Unary = op('square', (x) => mul(x, x));
/** 1/x */
export const reciprocal: Unary = floatOp('reciprocal');
/** Radians, as all angles here. */
export const sin: Unary = floatOp('sin');
export const cos: Unary = floatOp('cos');
export const tan: Unary = op('tan', (x) => div(sin(x), cos(x)));
export const asin: Unary = floatOp('asin');
export const acos: Unary = floatOp('acos');
export const atan: Unary = floatOp('atan');
/** (eˣ − e⁻ˣ)/2, through expm1 so that it is exact near 0. */
export const sinh: Unary = op('sinh', (x) => {
  const e = expm1(abs(asFloat(x)));
  return mul(sign(asFloat(x)), mul(add(e, div(e, add(e, 1))), 0.5));
});
/** (eˣ + e⁻ˣ)/2 */
export const cosh: Unary = op('cosh', (x) => mul(add(exp(x), exp(neg(x))), 0.5));
export const tanh: Unary = floatOp('tanh');
/** ln(x + √(x² + 1)) */
export const asinh: Unary = op('asinh', (x) => {
  const a = abs(asFloat(x));
  return mul(sign(asFloat(x)), log1p(add(a, div(square(a), add(sqrt(add(square(a), 1)), 1)))));
});
/** ln(x + √(x² − 1)) */
export const acosh: Unary = op('acosh', (x) => log(add(x, mul(sqrt(sub(asFloat(x), 1)), sqrt(add(asFloat(x), 1))))));
/** ½ ln((1 + x)/(1 − x)) */
export const atanh: Unary = op('atanh', (x) => mul(sub(log1p(x), log1p(neg(asFloat(x)))), 0.5));
/** 2/√π ∫₀ˣ e^−t² dt */
export const erf: Unary = floatOp('erf');
/** 1 − erf(x) */
export const erfc: Unary = op('erfc', (x) => sub(1, erf(x)));
/** sin(πx)/(πx), and 1 at 0. */
export const sinc: Unary = op('sinc', (x) => {
  const zero = equal(x, 0);
  const angle = mul(where(zero, 1, asFloat(x)), Math.PI);
  return where(zero, 1, div(sin(angle), angle));
});
/** ln(x/(1 − x)); with `epsilon`, x is first kept that far from 0 and 1. */
export const logit: (x: Tensor, epsilon?: number) => Tensor = op('logit', (x, epsilon) => {
  const p = epsilon === undefined ? asFloat(x) : clip(x, epsilon, 1 - epsilon);
  return log(div(p, sub(1, p)));
});
/** Degrees to radians. */
export const deg2rad: Unary = op('deg2rad', (x) => mul(asFloat(x), Math.PI / 180));
/** Radians to degrees. */
export const rad2deg: Unary = op('rad2deg', (x) => mul(asFloat(x), 180 / Math.PI));
/** 0 for x < 0, `atZero` at 0, 1 for x > 0. */
export const heaviside: (x: Tensor, atZero: Operand) => Tensor = op('heaviside', (x, atZero) =>
  where(equal(x, 0), atZero, cast(greater(x, 0), x.dtype)),
);
/** The elements kept from `min` to `max`; either may be left out. */
export const clip: (x: Tensor, min?: Operand, max?: Operand) => Tensor = op('clip', (x, min, max) => {
  const low = min === undefined ? x : maximum(x, min);
  return max === undefined ? low : minimum(low, max);
});
/** NaN replaced by `nan`, ±∞ by the values given or the largest of the dtype. */
export const nanToNum: (x: Tensor, options?: { nan?: number; posInf?: number; negInf?: number }) => Tensor = op(
  'nanToNum',
  (x, { nan = 0, posInf = 3.4028234663852886e38, negInf = -posInf } = {}) =>
    where(isNaN(x), nan, where(equal(x, Infinity), posInf, where(equal(x, -Infinity), negInf, x))),
);

// Comparison and logic: bool.
export const equal: Binary = comparison('equal');
export const less: Binary = comparison('less');
export const lessEqual: Binary = comparison('lessEqual');
export const greater: Binary = op('greater', (a, b) => less(b, a));
export const greaterEqual: Binary = op('greaterEqual', (a, b) => lessEqual(b, a));
export const notEqual: Binary = op('notEqual', (a, b) => logicalNot(equal(a, b)));
const truth = (x: Operand, like: Tensor): Tensor => {
  const [t] = promote('logical', [x, like]) as [Tensor];
  return t.dtype === 'bool' ? t : notEqual(t, 0);
};
/* @__NO_SIDE_EFFECTS__ */
const logical = (name: 'logicalAnd' | 'logicalOr'): Binary =>
  op(name, (a, b) => {
    const like = (typeof a === 'object' ? a : b) as Tensor;
    return run(name, [truth(a, like), truth(b, like)], {})[0]!;
  });
export const logicalAnd: Binary = logical('logicalAnd');
export const logicalOr: Binary = logical('logicalOr');
export const logicalXor: Binary = op('logicalXor', (a, b) => {
  const like = (typeof a === 'object' ? a : b) as Tensor;
  return notEqual(truth(a, like), truth(b, like));
});
export const logicalNot: Unary = op('logicalNot', (x) => run('logicalNot', [truth(x, x)], {})[0]!);
export const isNaN: Unary = op('isNaN', (x) => (isFloat(x.dtype) ? run('isNaN', [x], {})[0]! : notEqual(x, x)));
export const isInf: Unary = op('isInf', (x) => equal(abs(asFloat(x)), Infinity));
export const isFinite: Unary = op('isFinite', (x) => less(abs(asFloat(x)), Infinity));
/** Whether the sign is minus, that of −0 included. */
export const signbit: Unary = op('signbit', (x) =>
  isFloat(x.dtype) ? logicalOr(less(x, 0), equal(reciprocal(where(equal(x, 0), x, 1)), -Infinity)) : less(x, 0),
);
/** |a − b| ≤ atol + rtol·|b|; equal infinities are close. */
export const isClose: (a: Tensor, b: Tensor, options?: { rtol?: number; atol?: number; equalNaN?: boolean }) => Tensor = op(
  'isClose',
  (a, b, { rtol = 1e-5, atol = 1e-8, equalNaN = false } = {}) => {
    const near = lessEqual(abs(sub(a, b)), add(mul(abs(b), rtol), atol));
    const close = logicalOr(equal(a, b), logicalAnd(near, isFinite(b)));
    return equalNaN ? logicalOr(close, logicalAnd(isNaN(a), isNaN(b))) : close;
  },
);
/** a where the condition holds, else b. All three broadcast. */
export const where: (condition: Tensor, a: Operand, b: Operand) => Tensor = op('where', (condition, a, b) => {
  if (typeof a !== 'object' && typeof b !== 'object') {
    const dtype = typeof a === 'boolean' && typeof b === 'boolean' ? 'bool' : 'float32';
    const like = run('cast', [condition], { dtype })[0]!;
    const [, x, y] = promote('where', [like, a, b]) as [Tensor, Tensor, Tensor];
    return run('select', [condition, x, y], {})[0]!;
  }
  return run('select', [condition, ...promote('where', [a, b])], {})[0]!;
});
/** The same numbers in another dtype: to integers truncated and saturated, NaN to 0. */
export const astype: (x: Tensor, dtype: DType) => Tensor = op('astype', (x, dtype) => cast(x, dtype));
