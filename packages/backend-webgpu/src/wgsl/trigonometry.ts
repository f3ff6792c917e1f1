/** Trigonometric functions and their inverses, by name. */
export const trigonometry: Readonly<Record<string, string>> = {
  productHigh: `fn productHigh(a: u32, b: u32) -> u32 {
  let ah = a >> 16u; let al = a & 0xffffu; let bh = b >> 16u; let bl = b & 0xffffu;
  let middle = ah * bl + ((al * bl) >> 16u);
  let carry = (middle & 0xffffu) + al * bh;
  return ah * bh + (middle >> 16u) + (carry >> 16u);
}`,
  // The bits of 2/π, 32 at a time, after 32 zeros.
  twoOverPi: `const twoOverPi = array<u32, 8>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
fn twoOverPiAt(place: u32) -> u32 {
  var table = twoOverPi;
  let i = place >> 5u;
  let s = place & 31u;
  if (s == 0u) { return table[i]; }
  return (table[i] << s) | (table[i + 1u] >> (32u - s));
}`,
  // |x| from 2⁸ on, less its whole quarter turns, as (what is left in radians, how many modulo 4): x = M·2ᴱ is multiplied with those 96
  // bits of 2/π that matter. @see Payne, Hanek 1983, "Radian Reduction for Trigonometric Functions".
  reducedFar: `fn reducedFar(x: f32) -> vec2<f32> {
  let b = bitcast<u32>(x) & 0x7fffffffu;
  let m = (b & 0x007fffffu) | 0x00800000u;
  let place = (b >> 23u) - 150u - 2u + 32u;
  let t0 = twoOverPiAt(place);
  let t1 = twoOverPiAt(place + 32u);
  let t2 = twoOverPiAt(place + 64u);
  // The fraction of a whole turn, hi:lo·2⁻⁶⁴.
  let p1 = m * t1;
  let lo = p1 + productHigh(m, t2);
  let hi = m * t0 + productHigh(m, t1) + select(0u, 1u, lo < p1);
  let quarter = (hi + 0x20000000u) >> 30u;
  var h = hi - (quarter << 30u);
  var k = lo;
  let below = h > 0x7fffffffu;
  if (below) {
    h = ~h; k = ~k + 1u;
    if (k == 0u) { h = h + 1u; }
  }
  // h is below 2³⁰: its leading bits, with those of k that follow.
  let zeros = countLeadingZeros(h);
  var f = 0.0;
  if (h == 0u) { f = f32(k) * 2.3283064e-10; }
  else if (zeros == 0u) { f = f32(h); }
  else { f = f32((h << zeros) | (k >> (32u - zeros))) * bitcast<f32>((127u - zeros) << 23u); }
  let r = f * (1.57079633 / 1073741824.0);
  return vec2<f32>(select(r, -r, below), f32(quarter));
}`,
  // The sine of x + turn·π/2. @see Cephes, sinf.
  sineTurned: `fn sineTurned(x: f32, turn: u32) -> f32 {
  if (isInfinite(x) || isNaN(x)) { return notANumber(); }
  var r = x;
  var quarter = turn;
  if (magnitude(x) > 2048.0) {
    let far = reducedFar(x);
    r = signed(far.x, bitcast<f32>(bitcast<u32>(far.x) ^ (bitcast<u32>(x) & 0x80000000u)));
    quarter = turn + select(u32(far.y), 4u - u32(far.y), isNegative(x));
  } else {
    let n = round(x * 0.636619772);
    // n has at most 11 bits and each part of π/2 at most 11 more: all products are exact.
    r = opaque(opaque(x - n * 1.5703125) - n * 4.837512969970703125e-4) - n * 7.549789948768648e-8;
    quarter = turn + bitcast<u32>(i32(n));
  }
  let z = r * r;
  var y: f32;
  if ((quarter & 1u) == 0u) {
    y = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  } else {
    y = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z + (1.0 - 0.5 * z);
  }
  return bitcast<f32>(bitcast<u32>(y) ^ ((quarter & 2u) << 30u));
}`,
  sine: 'fn sine(x: f32) -> f32 { if (isZero(x)) { return x; } return sineTurned(x, 0u); }',
  cosine: 'fn cosine(x: f32) -> f32 { return sineTurned(x, 1u); }',
  // asin x of x from 0 to ½. @see Cephes, asinf.
  arcsineNear0: `fn arcsineNear0(x: f32) -> f32 {
  let z = x * x;
  var p = 4.2163199048e-2 * z + 2.4181311049e-2;
  p = p * z + 4.5470025998e-2;
  p = p * z + 7.4953002686e-2;
  p = p * z + 1.6666752422e-1;
  return p * z * x + x;
}`,
  arcsine: `fn arcsine(x: f32) -> f32 {
  let a = magnitude(x);
  if (isNaN(x) || a > 1.0) { return notANumber(); }
  if (a <= 0.5) { return signed(arcsineNear0(a), x); }
  return signed(1.57079633 - 2.0 * arcsineNear0(sqrt(0.5 * (1.0 - a))), x);
}`,
  arccosine: `fn arccosine(x: f32) -> f32 {
  let a = magnitude(x);
  if (isNaN(x) || a > 1.0) { return notANumber(); }
  if (a <= 0.5) { return 1.57079633 - signed(arcsineNear0(a), x); }
  let y = 2.0 * arcsineNear0(sqrt(0.5 * (1.0 - a)));
  return select(y, 3.14159265 - y, isNegative(x));
}`,
  // @see Cephes, atanf.
  arctangent: `fn arctangent(v: f32) -> f32 {
  if (isNaN(v)) { return v; }
  var x = magnitude(v);
  var y = 0.0;
  if (x > 1e8) { return signed(1.57079633, v); }
  if (x > 2.41421356) { y = 1.57079633; x = -1.0 / x; }
  else if (x > 0.41421356) { y = 0.785398163; x = (x - 1.0) / (x + 1.0); }
  let z = x * x;
  var p = 8.05374449538e-2 * z - 1.38776856032e-1;
  p = p * z + 1.99777106478e-1;
  p = p * z - 3.33329491539e-1;
  return signed(y + (p * z * x + x), v);
}`,
  arctangentOf2: `fn arctangentOf2(y: f32, x: f32) -> f32 {
  if (isNaN(x) || isNaN(y)) { return notANumber(); }
  var a = 0.0;
  if (isInfinite(x) && isInfinite(y)) { a = 0.785398163; }
  else if (isZero(y)) { a = 0.0; }
  else { a = magnitude(arctangent(quotient(y, x))); }
  if (isNegative(x)) { a = 3.14159265 - a; }
  return signed(a, y);
}`,
};
