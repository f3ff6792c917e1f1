// Scalar functions of the element-wise kernels that the language has not.

/** The remainder with the sign of the divisor, as Python's. */
export function floorMod(a: f32, b: f32): f32 {
  if (abs<f32>(a) < Infinity && abs<f32>(b) == Infinity) return a == 0 || a < 0 == b < 0 ? a : b;
  const r = <f32>((<f64>a) % (<f64>b));
  if (r == 0) return copysign<f32>(0, b);
  return r < 0 == b < 0 ? r : r + b;
}

export function floorDivideInteger(a: i32, b: i32): i32 {
  if (b == 0) return 0;
  if (b == -1) return -a;
  const q = a / b;
  return q * b != a && a < 0 != b < 0 ? q - 1 : q;
}

export function floorModInteger(a: i32, b: i32): i32 {
  return b == 0 ? 0 : a - floorDivideInteger(a, b) * b;
}

export function powerInteger(a: i32, b: i32): i32 {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  let result = 1;
  for (let base = a; b > 0; b >>= 1, base *= base) if (b & 1) result *= base;
  return result;
}
