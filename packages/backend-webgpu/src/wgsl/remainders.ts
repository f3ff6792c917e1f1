/** Whole quotients, remainders, and powers of integers, by name. */
export const remainders: Readonly<Record<string, string>> = {
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
