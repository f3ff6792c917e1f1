/**
 * Conversions between dtypes in integer arithmetic, exact and rounded as IEEE says, by name: what drivers do to halves and to numbers
 * too small to be normal differs. Doubles and 64-bit integers are pairs of words, the low one first.
 */
export const conversions: Readonly<Record<string, string>> = {
  floatOfHalf: `fn floatOfHalf(h: u32) -> f32 {
  let s = (h & 0x8000u) << 16u;
  let e = (h >> 10u) & 0x1fu;
  let m = h & 0x3ffu;
  if (e == 31u) { return bitcast<f32>(s | 0x7f800000u | (m << 13u) | P[0].x); }
  if (e == 0u) { return bitcast<f32>(s | bitcast<u32>(f32(m) * 5.9604644775390625e-8)); }
  return bitcast<f32>(s | ((e + 112u) << 23u) | (m << 13u));
}`,
  // Rounded before, as drivers may round as they like.
  f16OfFloat: 'fn f16OfFloat(x: f32) -> f16 { return f16(halfRounded(x)); }',
  halfRounded: 'fn halfRounded(x: f32) -> f32 { return floatOfHalf(halfOf(bitcast<u32>(x))); }',
  floatOfBfloat: 'fn floatOfBfloat(b: u32) -> f32 { return bitcast<f32>(b << 16u); }',
  // m / 2ˢ, halves to the even number; `more` tells of bits below m.
  shiftedRight: `fn shiftedRight(m: u32, s: u32, more: bool) -> u32 {
  let q = m >> s;
  let rest = m & ((1u << s) - 1u);
  let half = 1u << (s - 1u);
  return q + select(0u, 1u, rest > half || (rest == half && (more || (q & 1u) == 1u)));
}`,
  halfOf: `fn halfOf(b: u32) -> u32 {
  let s = (b >> 16u) & 0x8000u;
  let a = b & 0x7fffffffu;
  if (a > 0x7f800000u) { return 0x7e00u; }
  if (a >= 0x477ff000u) { return s | 0x7c00u; }
  if (a >= 0x38800000u) { return s | shiftedRight(a - 0x38000000u, 13u, false); }
  if (a <= 0x33000000u) { return s; }
  return s | shiftedRight((a & 0x007fffffu) | 0x00800000u, 126u - (a >> 23u), false);
}`,
  bfloatOf: `fn bfloatOf(b: u32) -> u32 {
  if ((b & 0x7fffffffu) > 0x7f800000u) { return (b >> 16u) | 0x40u; }
  return ((b + 0x7fffu + ((b >> 16u) & 1u)) >> 16u) & 0xffffu;
}`,
  integerOf: `fn integerOf(x: f32) -> i32 {
  if (isNaN(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return bitcast<i32>(0x80000000u); }
  return i32(x);
}`,
  doubleOfFloat: `fn doubleOfFloat(x: f32) -> vec2<u32> {
  let b = bitcast<u32>(x);
  let s = b & 0x80000000u;
  var e = (b >> 23u) & 0xffu;
  var m = b & 0x007fffffu;
  if (e == 255u) { return vec2<u32>(m << 29u, s | 0x7ff00000u | (m >> 3u)); }
  if (e == 0u) {
    if (m == 0u) { return vec2<u32>(0u, s); }
    let shift = countLeadingZeros(m) - 8u;
    m = (m << shift) & 0x007fffffu;
    e = 1u - shift;
  }
  return vec2<u32>(m << 29u, s | ((e + 896u) << 20u) | (m >> 3u));
}`,
  doubleOfInteger: `fn doubleOfInteger(v: i32) -> vec2<u32> {
  if (v == 0) { return vec2<u32>(0u, 0u); }
  let a = bitcast<u32>(select(v, -v, v < 0));
  let zeros = countLeadingZeros(a);
  let fraction = (a << zeros) << 1u;
  return vec2<u32>(fraction << 20u, (bitcast<u32>(v) & 0x80000000u) | ((1054u - zeros) << 20u) | (fraction >> 12u));
}`,
  doubleOfLong: `fn doubleOfLong(p: vec2<u32>) -> vec2<u32> {
  var lo = p.x;
  var hi = p.y;
  if ((lo | hi) == 0u) { return vec2<u32>(0u, 0u); }
  if ((hi & 0x80000000u) != 0u) {
    lo = ~lo + 1u;
    hi = ~hi + select(0u, 1u, lo == 0u);
  }
  var zeros = countLeadingZeros(hi);
  if (hi == 0u) {
    zeros = 32u + countLeadingZeros(lo);
    hi = lo << (zeros - 32u);
    lo = 0u;
  } else if (zeros > 0u) {
    hi = (hi << zeros) | (lo >> (32u - zeros));
    lo = lo << zeros;
  }
  let low = (hi << 21u) | (lo >> 11u);
  let rest = lo & 0x7ffu;
  let up = select(0u, 1u, rest > 0x400u || (rest == 0x400u && (low & 1u) == 1u));
  let high = (p.y & 0x80000000u) | ((1086u - zeros) << 20u) | ((hi & 0x7fffffffu) >> 11u);
  return vec2<u32>(low + up, high + select(0u, 1u, low + up < low));
}`,
  floatOfDouble: `fn floatOfDouble(p: vec2<u32>) -> f32 {
  let s = p.y & 0x80000000u;
  let a = p.y & 0x7fffffffu;
  if (a >= 0x7ff00000u) {
    if ((a & 0x000fffffu) != 0u || p.x != 0u) { return notANumber(); }
    return bitcast<f32>(s | 0x7f800000u | P[0].x);
  }
  let e = i32(a >> 20u) - 896;
  let m = ((a & 0x000fffffu) << 3u) | (p.x >> 29u);
  let rest = p.x << 3u;
  if (e >= 255) { return bitcast<f32>(s | 0x7f800000u | P[0].x); }
  if (e < -23) { return bitcast<f32>(s); }
  if (e < 1) { return bitcast<f32>(s | shiftedRight(m | 0x00800000u, u32(1 - e), rest != 0u)); }
  let up = select(0u, 1u, rest > 0x80000000u || (rest == 0x80000000u && (m & 1u) == 1u));
  return bitcast<f32>(s | (((u32(e) << 23u) | m) + up));
}`,
  // Cut off, with the last bit set where something was: rounded once more, it is as if rounded once.
  floatTowardsOdd: `fn floatTowardsOdd(p: vec2<u32>) -> u32 {
  let s = p.y & 0x80000000u;
  let a = p.y & 0x7fffffffu;
  if (a > 0x7ff00000u || (a == 0x7ff00000u && p.x != 0u)) { return 0x7fc00000u; }
  let e = i32(a >> 20u) - 896;
  if (e >= 255) { return s | 0x7f800000u; }
  if (e < 1) { return s; }
  return s | (u32(e) << 23u) | ((a & 0x000fffffu) << 3u) | (p.x >> 29u) | select(0u, 1u, (p.x << 3u) != 0u);
}`,
  integerOfDouble: `fn integerOfDouble(p: vec2<u32>) -> i32 {
  let a = p.y & 0x7fffffffu;
  let negative = p.y != a;
  if (a < 0x3ff00000u || a > 0x7ff00000u || (a == 0x7ff00000u && p.x != 0u)) { return 0; }
  let e = (a >> 20u) - 1023u;
  if (e >= 31u) { return select(2147483647, bitcast<i32>(0x80000000u), negative); }
  let v = i32((0x80000000u | (a << 11u) | (p.x >> 21u)) >> (31u - e));
  return select(v, -v, negative);
}`,
  longOfDouble: `fn longOfDouble(p: vec2<u32>) -> vec2<u32> {
  let a = p.y & 0x7fffffffu;
  let negative = p.y != a;
  if (a < 0x3ff00000u || a > 0x7ff00000u || (a == 0x7ff00000u && p.x != 0u)) { return vec2<u32>(0u, 0u); }
  let e = (a >> 20u) - 1023u;
  if (e >= 63u) { return select(vec2<u32>(0xfffffc00u, 0x7fffffffu), vec2<u32>(0u, 0x80000000u), negative); }
  var hi = 0x80000000u | (a << 11u) | (p.x >> 21u);
  var lo = p.x << 11u;
  let s = 63u - e;
  if (s >= 32u) { lo = hi >> (s - 32u); hi = 0u; }
  else if (s > 0u) { lo = (lo >> s) | (hi << (32u - s)); hi = hi >> s; }
  if (negative) { lo = ~lo + 1u; hi = ~hi + select(0u, 1u, lo == 0u); }
  return vec2<u32>(lo, hi);
}`,
};
