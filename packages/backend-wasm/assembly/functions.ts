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

export function power(a: f32, b: f32): f32 {
  if (a == 1 || b == 0 || (abs<f32>(a) == 1 && abs<f32>(b) == Infinity)) return 1;
  return Mathf.pow(a, b);
}

export function powerInteger(a: i32, b: i32): i32 {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  let result = 1;
  for (let base = a; b > 0; b >>= 1, base *= base) if (b & 1) result *= base;
  return result;
}

/**
 * erf(x): Cody's rational approximations (1969) in double precision.
 */
export function erf(v: f32): f32 {
  const x = <f64>v;
  const a = abs<f64>(x);
  if (a <= 0.46875) {
    const t = x * x;
    const p = ((-3.5609843701815385e-2 * t + 6.9963834886191355) * t + 2.1979261618294152e1) * t + 2.4266795523053175e2;
    const q = ((t + 1.5082797630407787e1) * t + 9.1164905404514901e1) * t + 2.150588758698612e2;
    return <f32>(x * p / q);
  }
  if (x != x) return v;
  if (a > 6) return x > 0 ? 1 : -1;
  let c: f64;
  if (a <= 4) {
    let p: f64 = -1.368648573827167067e-7;
    p = p * a + 5.641955174789739711e-1;
    p = p * a + 7.211758250883093659;
    p = p * a + 4.316222722205673530e1;
    p = p * a + 1.529892850469404039e2;
    p = p * a + 3.393208167343436870e2;
    p = p * a + 4.519189537118729422e2;
    p = p * a + 3.004592610201616005e2;
    let q: f64 = 1;
    q = q * a + 1.278272731962942351e1;
    q = q * a + 7.700015293522947295e1;
    q = q * a + 2.775854447439876434e2;
    q = q * a + 6.389802644656311665e2;
    q = q * a + 9.313540948506096211e2;
    q = q * a + 7.909509253278980272e2;
    q = q * a + 3.004592609569832933e2;
    c = Math.exp(-a * a) * p / q;
  } else {
    const t = 1 / (a * a);
    const p = (((-2.23192459734184686e-2 * t - 2.78661308609647788e-1) * t - 2.2695659353968693e-1) * t - 4.94730910623250734e-2) * t - 2.99610707703542174e-3;
    const q = (((t + 1.98733201817135256) * t + 1.05167510706793207) * t + 1.91308926107829841e-1) * t + 1.06209230528467918e-2;
    c = Math.exp(-a * a) / a * (0.5641895835477562869 + t * p / q);
  }
  return <f32>(x > 0 ? 1 - c : c - 1);
}
