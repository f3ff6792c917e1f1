import { conversions } from './conversions.ts';

/**
 * Functions of WGSL by name, for shaders to draw from. What drivers answer for NaN, infinities, −0 and large arguments differs,
 * so bits are asked instead of comparisons, and every function says itself what comes of them.
 */
const library: Readonly<Record<string, string>> = {
  // A word that is 0, which no compiler knows: what is mixed with it cannot be worked out, reordered or fused before it runs.
  opaque: 'fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ P[0].x); }',
  infinity: 'fn infinity() -> f32 { return bitcast<f32>(0x7f800000u ^ P[0].x); }',
  notANumber: 'fn notANumber() -> f32 { return bitcast<f32>(0x7fc00000u ^ P[0].x); }',
  isNaN: 'fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  magnitude: 'fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }',
  negated: 'fn negated(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u); }',
  /** x with the sign of s. */
  signed: 'fn signed(x: f32, s: f32) -> f32 { return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u)); }',
  isInfinite: 'fn isInfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }',
  isZero: 'fn isZero(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0u; }',
  isNegative: 'fn isNegative(x: f32) -> bool { return bitcast<u32>(x) > 0x7fffffffu; }',

  greater: `fn greater(a: f32, b: f32) -> f32 {
  return select(select(select(b, a, a > b), b, isNaN(b)), a, isNaN(a));
}`,
  lesser: `fn lesser(a: f32, b: f32) -> f32 {
  return select(select(select(b, a, a < b), b, isNaN(b)), a, isNaN(a));
}`,
  // a·b exactly, as what it rounds to and the rest, where that can be told. @see Dekker 1971, "A Floating-Point Technique".
  productExact: `fn productExact(a: f32, b: f32) -> vec2<f32> {
  let p = opaque(a * b);
  let ah = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let bh = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let al = opaque(a - ah);
  let bl = opaque(b - bh);
  let rest = opaque(opaque(opaque(opaque(ah * bh) - p) + opaque(ah * bl)) + opaque(al * bh)) + opaque(al * bl);
  let m = bitcast<u32>(p) & 0x7fffffffu;
  return vec2<f32>(p, select(0.0, rest, m > 0x0c800000u && m < 0x7f000000u));
}`,
  // The product of two numbers that carry what rounding took from them.
  productKept: `fn productKept(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let p = productExact(a.x, b.x);
  return vec2<f32>(p.x, p.y + (a.x * b.y + a.y * b.x));
}`,
  productRounded: `fn productRounded(p: vec2<f32>) -> f32 {
  return select(opaque(p.x) + p.y, p.x, isZero(p.x) || isInfinite(p.x) || isNaN(p.x));
}`,
  signOf: `fn signOf(x: f32) -> f32 {
  if (isNaN(x) || isZero(x)) { return x; }
  return signed(1.0, x);
}`,
  // From 2²³ on every float is whole.
  whole: 'fn whole(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) >= 0x4b000000u; }',
  floored: `fn floored(x: f32) -> f32 {
  if (whole(x) || isZero(x)) { return x; }
  return floor(x);
}`,
  ceiled: `fn ceiled(x: f32) -> f32 {
  if (whole(x) || isZero(x)) { return x; }
  return signed(ceil(x), x);
}`,
  rounded: `fn rounded(x: f32) -> f32 {
  if (whole(x)) { return x; }
  return signed(round(magnitude(x)), x);
}`,
  root: `fn root(x: f32) -> f32 {
  // Beyond are zeros, infinity, NaN and all below 0.
  if (bitcast<u32>(x) - 1u < 0x7f7fffffu) { return sqrt(x); }
  if (isZero(x)) { return x; }
  return select(x, notANumber(), isNegative(x) || isNaN(x));
}`,
  quotient: `fn quotient(a: f32, b: f32) -> f32 {
  if (!isZero(b) && !isInfinite(b)) { return a / b; }
  let sign = (bitcast<u32>(a) ^ bitcast<u32>(b)) & 0x80000000u;
  if (isNaN(a) || select(isInfinite(a), isZero(a), isZero(b))) { return notANumber(); }
  return bitcast<f32>(select(0u, 0x7f800000u, isZero(b)) | sign | P[0].x);
}`,

  exponential: `fn exponential(x: f32) -> f32 {
  let y = select(exp(clamp(x, -87.33654, 88.72283)), 0.0, x < -87.33654);
  return select(select(y, infinity(), x > 88.72283), x, isNaN(x));
}`,
  // Below, Taylor's series; beyond, little is lost.
  exponentialLess1: `fn exponentialLess1(x: f32) -> f32 {
  if (isZero(x)) { return x; }
  if (magnitude(x) >= 0.35) { return exponential(x) - 1.0; }
  var p = 2.48015873e-5 * x + 1.98412698e-4;
  p = p * x + 1.38888889e-3;
  p = p * x + 8.33333333e-3;
  p = p * x + 4.16666667e-2;
  p = p * x + 0.166666667;
  p = p * x + 0.5;
  return p * x * x + x;
}`,
  // ln(1 + m) for 1 + m from √½ to √2. @see Cephes, logf.
  logarithmNear1: `fn logarithmNear1(m: f32) -> f32 {
  var p = 7.0376836292e-2 * m - 1.1514610310e-1;
  p = p * m + 1.1676998740e-1;
  p = p * m - 1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m - 1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m - 2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  let z = m * m;
  return opaque(p * m * z - 0.5 * z) + m;
}`,
  // x = 2ᵉ·m with m from √½ to √2, as (m, e); x is positive and finite.
  parted: `fn parted(x: f32) -> vec2<f32> {
  var b = bitcast<u32>(x);
  var e = -126;
  if (b < 0x00800000u) {
    let shift = countLeadingZeros(b) - 8u;
    b = b << shift;
    e = e - i32(shift) + 1;
  } else {
    e = e + i32(b >> 23u);
  }
  var m = bitcast<f32>((b & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678) { m = m * 2.0; e = e - 1; }
  return vec2<f32>(m, f32(e));
}`,
  logarithm: `fn logarithm(x: f32) -> f32 {
  if (bitcast<u32>(x) - 1u < 0x7f7fffffu) {
    let r = parted(x);
    return (logarithmNear1(r.x - 1.0) + r.y * -2.12194440e-4) + r.y * 0.693359375;
  }
  if (isZero(x)) { return negated(infinity()); }
  return select(x, notANumber(), isNegative(x) || isNaN(x));
}`,
  logarithmOf1Plus: `fn logarithmOf1Plus(x: f32) -> f32 {
  if (isZero(x)) { return x; }
  if (x > -0.29289 && x < 0.41421) { return logarithmNear1(x); }
  return logarithm(1.0 + x);
}`,
  // aᵇ of a positive, finite a: 2^(b·log₂ a).
  powerOf: `fn powerOf(a: f32, b: f32) -> f32 {
  let r = parted(a);
  let low = logarithmNear1(r.x - 1.0) * 1.44269504;
  let rough = b * (r.y + low);
  if (rough >= 129.0) { return infinity(); }
  if (rough < -126.0) { return 0.0; }
  let y = b * r.y + b * low;
  if (y >= 128.0) { return infinity(); }
  return exp2(y);
}`,
  power: `fn power(a: f32, b: f32) -> f32 {
  if (isZero(b) || a == 1.0) { return 1.0; }
  if (isNaN(a) || isNaN(b)) { return notANumber(); }
  let m = magnitude(a);
  if (isInfinite(b)) {
    if (m == 1.0) { return 1.0; }
    if ((m > 1.0) == isNegative(b)) { return 0.0; }
    return infinity();
  }
  let integral = whole(b) || floor(b) == b;
  let odd = integral && magnitude(b) < 16777216.0 && (i32(magnitude(b)) & 1) == 1;
  let sign = select(0u, bitcast<u32>(a) & 0x80000000u, odd);
  if (isZero(a) || isInfinite(a)) {
    if (isZero(a) == isNegative(b)) { return bitcast<f32>(0x7f800000u | sign | P[0].x); }
    return bitcast<f32>(sign);
  }
  if (isNegative(a) && !integral) { return notANumber(); }
  return bitcast<f32>(bitcast<u32>(powerOf(m, b)) | sign);
}`,
  // tanh x within 6 ulp, as x·P(x²)/Q(x²) up to 9 and 1 beyond. @see Eigen, generic_fast_tanh_float.
  hyperbolicTangent: `fn hyperbolicTangent(v: f32) -> f32 {
  let x = clamp(v, -9.0, 9.0);
  let z = x * x;
  var p = -2.76076847742355e-16 * z + 2.00018790482477e-13;
  p = p * z - 8.60467152213735e-11;
  p = p * z + 5.12229709037114e-8;
  p = p * z + 1.48572235717979e-5;
  p = p * z + 6.37261928875436e-4;
  p = p * z + 4.89352455891786e-3;
  var q = 1.19825839466702e-6 * z + 1.18534705686654e-4;
  q = q * z + 2.268434632439e-3;
  q = q * z + 4.89352518554385e-3;
  let y = select(x * p / q, signed(1.0, v), magnitude(v) >= 9.0);
  return select(y, v, isNaN(v) || magnitude(v) < 0.0004);
}`,
  // erf x within 6 ulp, as x·P(x²)/Q(x²) up to 4 and 1 beyond. @see Eigen, generic_fast_erf_float.
  errorFunction: `fn errorFunction(v: f32) -> f32 {
  let x = clamp(v, -4.0, 4.0);
  let z = x * x;
  var p = -2.72614225801306e-10 * z + 2.77068142495902e-8;
  p = p * z - 2.10102402082508e-6;
  p = p * z - 5.69250639462346e-5;
  p = p * z - 7.34990630326855e-4;
  p = p * z - 2.95459980854025e-3;
  p = p * z - 1.60960333262415e-2;
  var q = -1.45660718464996e-5 * z - 2.13374055278905e-4;
  q = q * z - 1.68282697438203e-3;
  q = q * z - 7.37332916720468e-3;
  q = q * z - 1.42647390514189e-2;
  return select(select(x * (p / q), signed(1.0, v), magnitude(v) >= 4.0), v, isNaN(v));
}`,
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
  // |a| modulo |b| of finite numbers, exactly: eight bits of the quotient at a time.
  remainderOf: `fn remainderOf(a: f32, b: f32) -> f32 {
  let ba = bitcast<u32>(a) & 0x7fffffffu;
  let bb = bitcast<u32>(b) & 0x7fffffffu;
  if (ba < bb) { return bitcast<f32>(ba); }
  let ea = max(ba >> 23u, 1u);
  let eb = max(bb >> 23u, 1u);
  let ma = select(ba & 0x007fffffu, (ba & 0x007fffffu) | 0x00800000u, ba >= 0x00800000u);
  let mb = select(bb & 0x007fffffu, (bb & 0x007fffffu) | 0x00800000u, bb >= 0x00800000u);
  var r = ma % mb;
  var left = ea - eb;
  while (left > 0u) {
    let step = min(left, 8u);
    r = (r << step) % mb;
    left = left - step;
  }
  if (r == 0u) { return 0.0; }
  let shift = countLeadingZeros(r) - 8u;
  if (eb > shift) { return bitcast<f32>(((eb - shift) << 23u) | ((r << shift) & 0x007fffffu)); }
  return bitcast<f32>(r << (eb - 1u));
}`,
  // The remainder takes the divisor's sign, as Python's.
  remainder: `fn remainder(a: f32, b: f32) -> f32 {
  if (isNaN(a) || isNaN(b) || isInfinite(a) || isZero(b)) { return notANumber(); }
  if (isInfinite(b)) { if (isZero(a) || isNegative(a) == isNegative(b)) { return a; } return b; }
  let r = remainderOf(a, b);
  if (isZero(r) || isNegative(a) == isNegative(b)) { return signed(r, b); }
  return signed(magnitude(b) - r, b);
}`,
  floorQuotient: `fn floorQuotient(a: f32, b: f32) -> f32 {
  let q = quotient(a, b);
  // A quotient by infinity is a zero, of either sign.
  if (isNaN(q) || isInfinite(a) || isInfinite(b) || isZero(b) || whole(q)) { return q; }
  return round((a - remainder(a, b)) / b);
}`,

  sigmoid: `fn sigmoid(x: f32) -> f32 {
  let e = exponential(negated(magnitude(x)));
  return select(select(1.0, e, isNegative(x)) / (1.0 + e), x, isNaN(x));
}`,
  gelu: `fn gelu(x: f32) -> f32 { return x * (errorFunction(x * 0.70710678) + 1.0) * 0.5; }`,
  geluTanh: `fn geluTanh(x: f32) -> f32 {
  return x * 0.5 * (hyperbolicTangent(x * (x * x * 0.0356774081 + 0.797884561)) + 1.0);
}`,

  integerQuotient: `fn integerQuotient(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  if (b == -1) { return -a; }
  let q = a / b;
  return select(q, q - 1, q * b != a && (a < 0) != (b < 0));
}`,
  integerRemainder: `fn integerRemainder(a: i32, b: i32) -> i32 { return select(a - integerQuotient(a, b) * b, 0, b == 0); }`,
  integerPower: `fn integerPower(a: i32, b: i32) -> i32 {
  if (b < 0) {
    if (a == 1) { return 1; }
    if (a == -1) { return select(1, -1, (b & 1) != 0); }
    return 0;
  }
  var result = 1;
  var base = a;
  var e = b;
  while (e > 0) {
    if ((e & 1) != 0) { result = result * base; }
    base = base * base;
    e = e >> 1u;
  }
  return result;
}`,
};

const table = { ...conversions, ...library };
const names = Object.keys(table);

/** The functions that a text calls, and those that they call, in an order in which each is declared once. */
export function functionsFor(text: string): string {
  const found = new Set<string>();
  const visit = (code: string): void => {
    for (const name of names) {
      if (found.has(name) || !new RegExp(`\\b${name}(At)?\\(`).test(code)) continue;
      found.add(name);
      visit(table[name].replace(`fn ${name}(`, ''));
    }
  };
  visit(text);
  return names
    .filter((name) => found.has(name))
    .map((name) => table[name])
    .join('\n');
}
