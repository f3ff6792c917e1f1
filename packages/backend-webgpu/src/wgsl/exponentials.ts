/** Exponentials, logarithms, powers, and what is made of them, by name. */
export const exponentials: Readonly<Record<string, string>> = {
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

  sigmoid: `fn sigmoid(x: f32) -> f32 {
  let e = exponential(negated(magnitude(x)));
  return select(select(1.0, e, isNegative(x)) / (1.0 + e), x, isNaN(x));
}`,
  gelu: `fn gelu(x: f32) -> f32 { return x * (errorFunction(x * 0.70710678) + 1.0) * 0.5; }`,
  geluTanh: `fn geluTanh(x: f32) -> f32 {
  return x * 0.5 * (hyperbolicTangent(x * (x * x * 0.0356774081 + 0.797884561)) + 1.0);
}`,
};
