// Powers of four floats at a time, in double precision so that the result is rounded once.

// @ts-ignore: decorator
@inline
function c(x: f64): v128 { return f64x2.splat(x); }
// @ts-ignore: decorator
@inline
function chain(p: v128, x: v128, next: f64): v128 { return f64x2.add(f64x2.mul(p, x), c(next)); }

/** The number whose sum has a small whole number in its lowest bits. */
// @ts-ignore: decorator
@inline
const WHOLE: f64 = 6755399441055744;

/** log₂ x of two positive doubles: x = 2ᵉ·m with m from √½ to √2, ln m = 2·artanh s with s = (m − 1)/(m + 1), by its series. */
// @ts-ignore: decorator
@inline
function log2(x: v128): v128 {
  const above = i64x2.sub(x, c(0.7071067811865476));
  const e = f64x2.sub(i64x2.add(i64x2.shr_s(above, 52), c(WHOLE)), c(WHOLE));
  const m = i64x2.sub(x, v128.and(above, i64x2.splat(0xfff0000000000000)));
  const s = f64x2.div(f64x2.sub(m, c(1)), f64x2.add(m, c(1)));
  const z = f64x2.mul(s, s);
  let p = chain(c(2.8853900817779268 / 13), z, 2.8853900817779268 / 11);
  p = chain(p, z, 2.8853900817779268 / 9);
  p = chain(p, z, 2.8853900817779268 / 7);
  p = chain(p, z, 2.8853900817779268 / 5);
  p = chain(p, z, 2.8853900817779268 / 3);
  p = chain(p, z, 2.8853900817779268);
  return f64x2.add(e, f64x2.mul(p, s));
}

/** 2ᵗ of two doubles as floats: t = n + f with f from −½ to ½, by the series of e to the f·ln 2. */
// @ts-ignore: decorator
@inline
function exp2(v: v128): v128 {
  // With t first a NaN stays. Beyond lies what is 0 or ∞ as a float.
  const t = f64x2.pmin(f64x2.pmax(v, c(-200)), c(200));
  const shifted = f64x2.add(t, c(WHOLE));
  const f = f64x2.mul(f64x2.sub(t, f64x2.sub(shifted, c(WHOLE))), c(0.6931471805599453));
  let p = chain(c(1.0 / 40320), f, 1.0 / 5040);
  p = chain(p, f, 1.0 / 720);
  p = chain(p, f, 1.0 / 120);
  p = chain(p, f, 1.0 / 24);
  p = chain(p, f, 1.0 / 6);
  p = chain(p, f, 0.5);
  p = chain(p, f, 1);
  p = chain(p, f, 1);
  return f32x4.demote_f64x2_zero(f64x2.mul(p, i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52)));
}

/** |a|ᵇ of the first two lanes. */
function half(a: v128, b: v128): v128 {
  const x = f64x2.abs(f64x2.promote_low_f32x4(a));
  const infinity = c(Infinity);
  const ends = v128.bitselect(f64x2.neg(infinity), infinity, f64x2.eq(x, c(0)));
  const log = v128.bitselect(log2(x), ends, v128.and(f64x2.gt(x, c(0)), f64x2.lt(x, infinity)));
  return exp2(f64x2.mul(f64x2.promote_low_f32x4(b), v128.bitselect(x, log, f64x2.ne(x, x))));
}

/** aᵇ within 1 ulp. Below zero it is a number for whole b; 1 where b is 0 or |a| and b are 1 and ±∞, even of a NaN. */
export function vpow(a: v128, b: v128): v128 {
  const upperA = v128.shuffle<f32>(a, a, 2, 3, 2, 3), upperB = v128.shuffle<f32>(b, b, 2, 3, 2, 3);
  const size = v128.shuffle<f32>(half(a, b), half(upperA, upperB), 0, 1, 4, 5);
  const zero = f32x4.splat(0), one = f32x4.splat(1), infinity = f32x4.splat(Infinity);
  const whole = f32x4.eq(f32x4.nearest(b), b), halved = f32x4.mul(b, f32x4.splat(0.5));
  const odd = v128.andnot(whole, f32x4.eq(f32x4.nearest(halved), halved));
  const signed = v128.xor(size, v128.and(v128.and(a, odd), f32x4.splat(-0.0)));
  const none = v128.andnot(v128.and(f32x4.lt(a, zero), f32x4.gt(a, f32x4.neg(infinity))), whole);
  const y = v128.bitselect(f32x4.splat(NaN), signed, none);
  const unit = v128.and(f32x4.eq(f32x4.abs(a), one), f32x4.eq(f32x4.abs(b), infinity));
  return v128.bitselect(one, y, v128.or(v128.or(f32x4.eq(a, one), f32x4.eq(b, zero)), unit));
}
