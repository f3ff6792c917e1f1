// What many kernels do with n numbers that lie side by side. Several accumulators, so that none waits for another.
import { across, first, mad } from './simd';

// @ts-ignore: decorator
@inline
function most(v: v128): f32 {
  return max<f32>(max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** The largest; a NaN is passed over. */
export function largest(n: i32, x: usize): f32 {
  let a = f32x4.splat(-Infinity), b = a, c = a, d = a;
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64) {
    a = f32x4.pmax(a, v128.load(x)); b = f32x4.pmax(b, v128.load(x, 16));
    c = f32x4.pmax(c, v128.load(x, 32)); d = f32x4.pmax(d, v128.load(x, 48));
  }
  for (; x < end; x += 4) a = f32x4.pmax(a, v128.load_splat<f32>(x));
  return most(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
}

/** Σ x */
export function total(n: i32, x: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64) {
    a = f32x4.add(a, v128.load(x)); b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32)); d = f32x4.add(d, v128.load(x, 48));
  }
  let sum = across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; x < end; x += 4) sum += load<f32>(x);
  return sum;
}

/** Σ (x − shift)² */
export function squares(n: i32, x: usize, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64) {
    const p = f32x4.sub(v128.load(x), s), q = f32x4.sub(v128.load(x, 16), s);
    const r = f32x4.sub(v128.load(x, 32), s), t = f32x4.sub(v128.load(x, 48), s);
    a = mad(p, p, a); b = mad(q, q, b); c = mad(r, r, c); d = mad(t, t, d);
  }
  let sum = across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; x < end; x += 4) { const p = load<f32>(x) - shift; sum += p * p; }
  return sum;
}

/** Σ x·y */
export function dot(n: i32, x: usize, y: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64, y += 64) {
    a = mad(v128.load(x), v128.load(y), a); b = mad(v128.load(x, 16), v128.load(y, 16), b);
    c = mad(v128.load(x, 32), v128.load(y, 32), c); d = mad(v128.load(x, 48), v128.load(y, 48), d);
  }
  let sum = across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; x < end; x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
  return sum;
}

/** x ← x·factor */
export function multiply(n: i32, x: usize, factor: f32): void {
  const f = f32x4.splat(factor), end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64) {
    const p = f32x4.mul(v128.load(x), f), q = f32x4.mul(v128.load(x, 16), f);
    const r = f32x4.mul(v128.load(x, 32), f), s = f32x4.mul(v128.load(x, 48), f);
    v128.store(x, p); v128.store(x, q, 16); v128.store(x, r, 32); v128.store(x, s, 48);
  }
  for (; x < end; x += 4) store<f32>(x, load<f32>(x) * factor);
}

/** Four numbers, or one four times. */
// @ts-ignore: decorator
@inline
export function some(x: usize, four: bool): v128 {
  return four ? v128.load(x) : v128.load_splat<f32>(x);
}

// @ts-ignore: decorator
@inline
export function put(y: usize, v: v128, four: bool): void {
  if (four) v128.store(y, v);
  else store<f32>(y, first(v));
}
