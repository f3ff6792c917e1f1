import { mad, nmad } from './simd';

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
  // 208: log's polynomial
  7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1,
  1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1,
  1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1,
  2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1,
  3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1,
  // 352: log: the least normal number, 2²³, √½, ½
  1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 8388608, 8388608, 8388608, 8388608,
  0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.5, 0.5, 0.5, 0.5,
  // 416: 4, where erf is 1; its numerator and its denominator
  4, 4, 4, 4,
  -2.72614225801306e-10, -2.72614225801306e-10, -2.72614225801306e-10, -2.72614225801306e-10, 2.77068142495902e-8, 2.77068142495902e-8, 2.77068142495902e-8, 2.77068142495902e-8,
  -2.10102402082508e-6, -2.10102402082508e-6, -2.10102402082508e-6, -2.10102402082508e-6, -5.69250639462346e-5, -5.69250639462346e-5, -5.69250639462346e-5, -5.69250639462346e-5,
  -7.34990630326855e-4, -7.34990630326855e-4, -7.34990630326855e-4, -7.34990630326855e-4, -2.95459980854025e-3, -2.95459980854025e-3, -2.95459980854025e-3, -2.95459980854025e-3,
  -1.60960333262415e-2, -1.60960333262415e-2, -1.60960333262415e-2, -1.60960333262415e-2,
  -1.45660718464996e-5, -1.45660718464996e-5, -1.45660718464996e-5, -1.45660718464996e-5, -2.13374055278905e-4, -2.13374055278905e-4, -2.13374055278905e-4, -2.13374055278905e-4,
  -1.68282697438203e-3, -1.68282697438203e-3, -1.68282697438203e-3, -1.68282697438203e-3, -7.37332916720468e-3, -7.37332916720468e-3, -7.37332916720468e-3, -7.37332916720468e-3,
  -1.42647390514189e-2, -1.42647390514189e-2, -1.42647390514189e-2, -1.42647390514189e-2,
  // 624: gelu: √½, √(2/π) and that times 0.044715
  0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.70710678118654752, 0.79788456080286536, 0.79788456080286536, 0.79788456080286536, 0.79788456080286536, 0.035677408136300125, 0.035677408136300125, 0.035677408136300125, 0.035677408136300125,
  // 672: sine and cosine: 2/π, the end of the fast path, the polynomials
  0.63661977236758134, 0.63661977236758134, 0.63661977236758134, 0.63661977236758134, 131072, 131072, 131072, 131072,
  -1.9515295891e-4, -1.9515295891e-4, -1.9515295891e-4, -1.9515295891e-4, 8.3321608736e-3, 8.3321608736e-3, 8.3321608736e-3, 8.3321608736e-3, -1.6666654611e-1, -1.6666654611e-1, -1.6666654611e-1, -1.6666654611e-1,
  2.443315711809948e-5, 2.443315711809948e-5, 2.443315711809948e-5, 2.443315711809948e-5, -1.388731625493765e-3, -1.388731625493765e-3, -1.388731625493765e-3, -1.388731625493765e-3, 4.166664568298827e-2, 4.166664568298827e-2, 4.166664568298827e-2, 4.166664568298827e-2,
  // 800: tanh: 9, where it is 1, 0.0004, below which it is x; its numerator and its denominator
  9, 9, 9, 9, 0.0004, 0.0004, 0.0004, 0.0004,
  -2.76076847742355e-16, -2.76076847742355e-16, -2.76076847742355e-16, -2.76076847742355e-16, 2.00018790482477e-13, 2.00018790482477e-13, 2.00018790482477e-13, 2.00018790482477e-13,
  -8.60467152213735e-11, -8.60467152213735e-11, -8.60467152213735e-11, -8.60467152213735e-11, 5.12229709037114e-8, 5.12229709037114e-8, 5.12229709037114e-8, 5.12229709037114e-8,
  1.48572235717979e-5, 1.48572235717979e-5, 1.48572235717979e-5, 1.48572235717979e-5, 6.37261928875436e-4, 6.37261928875436e-4, 6.37261928875436e-4, 6.37261928875436e-4,
  4.89352455891786e-3, 4.89352455891786e-3, 4.89352455891786e-3, 4.89352455891786e-3,
  1.19825839466702e-6, 1.19825839466702e-6, 1.19825839466702e-6, 1.19825839466702e-6, 1.18534705686654e-4, 1.18534705686654e-4, 1.18534705686654e-4, 1.18534705686654e-4,
  2.268434632439e-3, 2.268434632439e-3, 2.268434632439e-3, 2.268434632439e-3, 4.89352518554385e-3, 4.89352518554385e-3, 4.89352518554385e-3, 4.89352518554385e-3,
  // 1008: eˣ of what is not positive: log₂e, the number whose sum rounds with the exponent's bias, ln 2 in two parts, the polynomial,
  // and where it is 0
  1.4426950216293335, 1.4426950216293335, 1.4426950216293335, 1.4426950216293335, 12583039.0, 12583039.0, 12583039.0, 12583039.0,
  0.693145751953125, 0.693145751953125, 0.693145751953125, 0.693145751953125, 1.428606765330187e-6, 1.428606765330187e-6, 1.428606765330187e-6, 1.428606765330187e-6,
  0.008289290592074394, 0.008289290592074394, 0.008289290592074394, 0.008289290592074394, 0.04189782217144966, 0.04189782217144966, 0.04189782217144966, 0.04189782217144966,
  0.16667652130126953, 0.16667652130126953, 0.16667652130126953, 0.16667652130126953, 0.4999915063381195, 0.4999915063381195, 0.4999915063381195, 0.4999915063381195,
  0.9999997019767761, 0.9999997019767761, 0.9999997019767761, 0.9999997019767761, -87.33654022216797, -87.33654022216797, -87.33654022216797, -87.33654022216797,
  // 1168: up to where eˣ and e⁻ˣ are normal
  87, 87, 87, 87,
], 16);

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
// @ts-ignore: decorator
@inline
export function k(offset: usize): v128 { return v128.load(TABLE + offset); }

/**
 * eˣ within 2 ulp: x = n·ln 2 + r, eˣ = 2ⁿ·p(r). 2ⁿ is multiplied in two halves, so that results too small to be normal are
 * rounded once and those too large are ∞. @see Cephes, expf.
 */
// @ts-ignore: decorator
@inline
export function vexp(v: v128): v128 {
  // With x first a NaN stays.
  const x = f32x4.pmin(f32x4.pmax(v, k(0)), k(16));
  const shifted = mad(x, k(32), k(48));
  const n = f32x4.sub(shifted, k(48));
  const r = nmad(n, k(80), nmad(n, k(64), x));
  let p = mad(k(96), r, k(112));
  p = mad(p, r, k(128));
  p = mad(p, r, k(144));
  p = mad(p, r, k(160));
  p = mad(p, r, k(176));
  p = mad(p, r, k(192));
  p = mad(p, r, k(192));
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

/** tanh x within 6 ulp, as x·P(x²)/Q(x²) up to 9 and 1 beyond. @see Eigen, generic_fast_tanh_float. */
// @ts-ignore: decorator
@inline
export function vtanh(v: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(v, k(800)), f32x4.neg(k(800)));
  const z = mul(x, x);
  let p = mad(k(832), z, k(848));
  p = mad(p, z, k(864));
  p = mad(p, z, k(880));
  p = mad(p, z, k(896));
  p = mad(p, z, k(912));
  p = mad(p, z, k(928));
  let q = mad(k(944), z, k(960));
  q = mad(q, z, k(976));
  q = mad(q, z, k(992));
  return v128.bitselect(v, f32x4.div(mul(x, p), q), f32x4.lt(f32x4.abs(v), k(816)));
}

/** ln x within 2 ulp: x = 2ᵉ·m with m from √½ to √2, ln x = e·ln 2 + ln m. @see Cephes, logf. */
// @ts-ignore: decorator
@inline
export function vlog(x: v128): v128 {
  const tiny = f32x4.lt(x, k(352));
  const normal = v128.bitselect(mul(x, k(368)), x, tiny);
  let e = i32x4.sub(i32x4.shr_u(normal, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(tiny, i32x4.splat(23)));
  const fraction = v128.or(v128.and(normal, i32x4.splat(0x007fffff)), k(400));
  const low = f32x4.lt(fraction, k(384));
  const exponent = f32x4.convert_i32x4_s(i32x4.add(e, low));
  const m = f32x4.sub(add(fraction, v128.and(low, fraction)), k(192));
  const z = mul(m, m);
  let p = mad(k(208), m, k(224));
  p = mad(p, m, k(240));
  p = mad(p, m, k(256));
  p = mad(p, m, k(272));
  p = mad(p, m, k(288));
  p = mad(p, m, k(304));
  p = mad(p, m, k(320));
  p = mad(p, m, k(336));
  p = mul(mul(p, m), z);
  p = add(p, mul(exponent, k(80)));
  p = f32x4.sub(p, mul(k(400), z));
  const y = add(add(m, p), mul(exponent, k(64)));
  // 0 gives −∞; ∞ itself; below 0 and NaN give NaN.
  const infinity = f32x4.splat(Infinity);
  const ends = v128.bitselect(f32x4.neg(infinity), v128.bitselect(x, f32x4.splat(NaN), f32x4.eq(x, infinity)), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(y, ends, v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, infinity)));
}

/**
 * erf x within 6 ulp, as x·P(x²)/Q(x²) up to 4 and 1 beyond. @see Eigen, generic_fast_erf_float.
 */
// @ts-ignore: decorator
@inline
export function verf(v: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(v, k(416)), f32x4.neg(k(416)));
  const z = mul(x, x);
  let p = mad(k(432), z, k(448));
  p = mad(p, z, k(464));
  p = mad(p, z, k(480));
  p = mad(p, z, k(496));
  p = mad(p, z, k(512));
  p = mad(p, z, k(528));
  let q = mad(k(544), z, k(560));
  q = mad(q, z, k(576));
  q = mad(q, z, k(592));
  q = mad(q, z, k(608));
  return mul(x, f32x4.div(p, q));
}

/** x·Φ(x) within 2·10⁻⁶. */
// @ts-ignore: decorator
@inline
export function vgelu(x: v128): v128 {
  return mul(mul(x, k(400)), add(k(192), verf(mul(x, k(624)))));
}

/** x·½(1 + tanh(√(2/π)(x + 0.044715x³))) within 2·10⁻⁶ of that. */
// @ts-ignore: decorator
@inline
export function vgeluTanh(x: v128): v128 {
  const u = mul(x, mad(mul(x, x), k(656), k(640)));
  return mul(mul(x, k(400)), add(k(192), vtanh(u)));
}

// x − n·π/2 in double precision, with π/2 in two parts of which the first has 33 bits: exact enough for every float up to 2¹⁷.
// @ts-ignore: decorator
@inline
function reduced(x: v128, n: v128): v128 {
  const head = f64x2.splat(1.57079631090164184570), tail = f64x2.splat(1.58932547735281966916e-8);
  return f64x2.sub(f64x2.sub(x, f64x2.mul(n, head)), f64x2.mul(n, tail));
}

// The sine of x + turn·π/2 for |x| ≤ 2¹⁷. @see Cephes, sinf.
// @ts-ignore: decorator
@inline
function turned(x: v128, turn: v128): v128 {
  const n = f32x4.nearest(mul(x, k(672)));
  const low = f32x4.demote_f64x2_zero(reduced(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(n)));
  const upper = v128.shuffle<f32>(x, x, 2, 3, 2, 3), upperN = v128.shuffle<f32>(n, n, 2, 3, 2, 3);
  const high = f32x4.demote_f64x2_zero(reduced(f64x2.promote_low_f32x4(upper), f64x2.promote_low_f32x4(upperN)));
  const r = v128.shuffle<f32>(low, high, 0, 1, 4, 5);
  const z = mul(r, r);
  const sine = mad(mul(mad(mad(k(704), z, k(720)), z, k(736)), z), r, r);
  const cosine = mad(mul(mad(mad(k(752), z, k(768)), z, k(784)), z), z, f32x4.sub(k(192), mul(k(400), z)));
  const quadrant = i32x4.add(i32x4.trunc_sat_f32x4_s(n), turn);
  const odd = i32x4.eq(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(1));
  return v128.xor(v128.bitselect(cosine, sine, odd), i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30));
}

/** sin x within 5 ulp; lanes beyond 2¹⁷ in double precision. */
export function vsin(x: v128): v128 {
  const y = v128.bitselect(x, turned(x, i32x4.splat(0)), f32x4.eq(x, f32x4.splat(0)));
  const beyond = f32x4.gt(f32x4.abs(x), k(688));
  return v128.any_true(beyond) ? v128.bitselect(slowly(x, false), y, beyond) : y;
}

/** cos x within 5 ulp; lanes beyond 2¹⁷ in double precision. */
export function vcos(x: v128): v128 {
  const y = turned(x, i32x4.splat(1));
  const beyond = f32x4.gt(f32x4.abs(x), k(688));
  return v128.any_true(beyond) ? v128.bitselect(slowly(x, true), y, beyond) : y;
}

function slow(x: f32, cosine: bool): f32 {
  NativeMath.sincos(<f64>x);
  return <f32>(cosine ? NativeMath.sincos_cos : NativeMath.sincos_sin);
}

function slowly(x: v128, cosine: bool): v128 {
  let y = f32x4.splat(slow(f32x4.extract_lane(x, 0), cosine));
  y = f32x4.replace_lane(y, 1, slow(f32x4.extract_lane(x, 1), cosine));
  y = f32x4.replace_lane(y, 2, slow(f32x4.extract_lane(x, 2), cosine));
  return f32x4.replace_lane(y, 3, slow(f32x4.extract_lane(x, 3), cosine));
}
