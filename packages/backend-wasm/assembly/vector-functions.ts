// Functions of four floats at a time. Constants lie in a table: the engine would make each anew at every use.

// @ts-ignore: decorator
@lazy
const TABLE: usize = memory.data<f32>([
  // 0: exp: bounds beyond which the result is 0 or ∞, log₂e, the number whose sum rounds, ln 2 in two parts
  -104, -104, -104, -104, 89, 89, 89, 89, 1.44269504088896341, 1.44269504088896341, 1.44269504088896341, 1.44269504088896341,
  12582912, 12582912, 12582912, 12582912, 0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  // 96: exp's polynomial
  1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3,
  8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2,
  1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1,
  // 192: 1
  1, 1, 1, 1,
  // 208: tanh's polynomial, and where it ends
  -5.70498872745e-3, -5.70498872745e-3, -5.70498872745e-3, -5.70498872745e-3, 2.06390887954e-2, 2.06390887954e-2, 2.06390887954e-2, 2.06390887954e-2,
  -5.37397155531e-2, -5.37397155531e-2, -5.37397155531e-2, -5.37397155531e-2, 1.33314422036e-1, 1.33314422036e-1, 1.33314422036e-1, 1.33314422036e-1,
  -3.33332819422e-1, -3.33332819422e-1, -3.33332819422e-1, -3.33332819422e-1, 0.625, 0.625, 0.625, 0.625,
  // 304: log's polynomial
  7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1,
  1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1,
  1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1,
  2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1,
  3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1,
  // 448: log: the least normal number, 2²³, √½, ½
  1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 8388608, 8388608, 8388608, 8388608,
  0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.5, 0.5, 0.5, 0.5,
], 16);

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
// @ts-ignore: decorator
@inline
function k(offset: usize): v128 { return v128.load(TABLE + offset); }

/**
 * eˣ within 2 ulp: x = n·ln 2 + r, eˣ = 2ⁿ·p(r). 2ⁿ is multiplied in two halves, so that results too small to be normal are
 * rounded once and those too large are ∞. @see Cephes, expf.
 */
// @ts-ignore: decorator
@inline
export function vexp(v: v128): v128 {
  // With x first a NaN stays.
  const x = f32x4.pmin(f32x4.pmax(v, k(0)), k(16));
  const shifted = add(mul(x, k(32)), k(48));
  const n = f32x4.sub(shifted, k(48));
  const r = f32x4.sub(f32x4.sub(x, mul(n, k(64))), mul(n, k(80)));
  let p = add(mul(k(96), r), k(112));
  p = add(mul(p, r), k(128));
  p = add(mul(p, r), k(144));
  p = add(mul(p, r), k(160));
  p = add(mul(p, r), k(176));
  p = add(mul(p, r), k(192));
  p = add(mul(p, r), k(192));
  const exponent = i32x4.sub(shifted, k(48));
  const half = i32x4.shr_s(exponent, 1);
  return mul(mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

// 2ⁿ, for n from −126 to 127: the bits of 1 with n added to the exponent.
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), k(192));
}

/** 1 / (1 + e⁻ˣ) within 6 ulp, in the form that never overflows. */
// @ts-ignore: decorator
@inline
export function vsigmoid(x: v128): v128 {
  const t = vexp(f32x4.neg(f32x4.abs(x)));
  const over = v128.bitselect(t, k(192), f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(over, add(k(192), t));
}

/** tanh x within 6 ulp: a polynomial below 0.625, and 1 − 2/(e²ˣ + 1) beyond. @see Cephes, tanhf. */
// @ts-ignore: decorator
@inline
export function vtanh(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = mul(x, x);
  let p = add(mul(k(208), z), k(224));
  p = add(mul(p, z), k(240));
  p = add(mul(p, z), k(256));
  p = add(mul(p, z), k(272));
  const near = add(mul(mul(p, z), x), x);
  const e = vexp(add(a, a));
  const far = f32x4.sub(k(192), f32x4.div(add(k(192), k(192)), add(e, k(192))));
  const signed = v128.or(far, v128.and(x, i32x4.splat(i32.MIN_VALUE)));
  return v128.bitselect(near, signed, f32x4.lt(a, k(288)));
}

/** ln x within 2 ulp: x = 2ᵉ·m with m from √½ to √2, ln x = e·ln 2 + ln m. @see Cephes, logf. */
// @ts-ignore: decorator
@inline
export function vlog(x: v128): v128 {
  const tiny = f32x4.lt(x, k(448));
  const normal = v128.bitselect(mul(x, k(464)), x, tiny);
  let e = i32x4.sub(i32x4.shr_u(normal, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(tiny, i32x4.splat(23)));
  const fraction = v128.or(v128.and(normal, i32x4.splat(0x007fffff)), k(496));
  const low = f32x4.lt(fraction, k(480));
  const exponent = f32x4.convert_i32x4_s(i32x4.add(e, low));
  const m = f32x4.sub(add(fraction, v128.and(low, fraction)), k(192));
  const z = mul(m, m);
  let p = add(mul(k(304), m), k(320));
  p = add(mul(p, m), k(336));
  p = add(mul(p, m), k(352));
  p = add(mul(p, m), k(368));
  p = add(mul(p, m), k(384));
  p = add(mul(p, m), k(400));
  p = add(mul(p, m), k(416));
  p = add(mul(p, m), k(432));
  p = mul(mul(p, m), z);
  p = add(p, mul(exponent, k(80)));
  p = f32x4.sub(p, mul(k(496), z));
  const y = add(add(m, p), mul(exponent, k(64)));
  // 0 gives −∞; ∞ itself; below 0 and NaN give NaN.
  const infinity = f32x4.splat(Infinity);
  const ends = v128.bitselect(f32x4.neg(infinity), v128.bitselect(x, f32x4.splat(NaN), f32x4.eq(x, infinity)), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(y, ends, v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, infinity)));
}
