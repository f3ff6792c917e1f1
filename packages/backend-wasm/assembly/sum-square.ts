import { across, mad } from './simd';

const BLOCK: i32 = 1024;

/** Σ x² of a block of a multiple of 16 numbers, in sixteen sums side by side: of so few that float32 loses little. */
function blockSum(n: i32, x: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (const stop = x + (<usize>n << 2); x < stop; x += 64) {
    const p = v128.load(x), q = v128.load(x, 16), r = v128.load(x, 32), s = v128.load(x, 48);
    a = mad(p, p, a); b = mad(q, q, b); c = mad(r, r, c); d = mad(s, s, d);
  }
  return across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** Σ x² of `parts` parts from `first` on, each of `per` of the n numbers, in a double for each part. */
export function sumSquare(first: i32, parts: i32, per: i32, n: i32, x: usize, acc: usize): void {
  for (let part = first; part < first + parts; part++) {
    let i = part * per;
    const end = min<i32>(n, i + per);
    const whole = i + ((end - i) & ~15);
    let s: f64 = 0;
    for (; i < whole; i += BLOCK) s += <f64>blockSum(min<i32>(BLOCK, whole - i), x + (<usize>i << 2));
    for (i = whole; i < end; i++) {
      const value = <f64>load<f32>(x + (<usize>i << 2));
      s += value * value;
    }
    store<f64>(acc + (<usize>part << 3), s);
  }
}
