// Products with so few rows or columns that each element of the matrix counts once: they go along memory, and lay out nothing.
import { finish } from './epilogue';
import { across, mad } from './simd';

// Of four rows of B, w elements from b on: y += x·B.
// @ts-ignore: decorator
@inline
function addRows(w: usize, x0: v128, x1: v128, x2: v128, x3: v128, b: usize, ldb: usize, y: usize): void {
  for (let j: usize = 0; j < w; j += 16, b += 16) {
    let v = mad(x0, v128.load(b), v128.load(y + j));
    v = mad(x1, v128.load(b + ldb), v);
    v = mad(x2, v128.load(b + 2 * ldb), v);
    v128.store(y + j, mad(x3, v128.load(b + 3 * ldb), v));
  }
}

/** y = a·B for one row of kc elements, `next` bytes apart, and w columns, a multiple of 4: in the order in which tiles add up. */
export function rowTimesMatrix(w: i32, kc: i32, a: usize, next: usize, b: usize, ldb: usize, y: usize): void {
  const bytes = <usize>w << 2;
  memory.fill(y, 0, bytes);
  let k = 0;
  for (; k + 4 <= kc; k += 4, a += 4 * next, b += 4 * ldb) {
    addRows(
      bytes, v128.load_splat<f32>(a), v128.load_splat<f32>(a + next), v128.load_splat<f32>(a + 2 * next), v128.load_splat<f32>(a + 3 * next),
      b, ldb, y,
    );
  }
  for (; k < kc; k++, a += next, b += ldb) {
    const x = v128.load_splat<f32>(a);
    for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, mad(x, v128.load(b + j), v128.load(y + j)));
  }
}

/** Σ a·x over k elements that lie together. */
function dot(k: i32, a: usize, x: usize): f32 {
  let s = f32x4.splat(0), t = f32x4.splat(0), u = f32x4.splat(0), v = f32x4.splat(0);
  for (const stop = a + (<usize>(k & ~15) << 2); a < stop; a += 64, x += 64) {
    s = mad(v128.load(a), v128.load(x), s);
    t = mad(v128.load(a, 16), v128.load(x, 16), t);
    u = mad(v128.load(a, 32), v128.load(x, 32), u);
    v = mad(v128.load(a, 48), v128.load(x, 48), v);
  }
  k &= 15;
  for (; k >= 4; k -= 4, a += 16, x += 16) s = mad(v128.load(a), v128.load(x), s);
  let sum = across(f32x4.add(f32x4.add(s, t), f32x4.add(u, v)));
  for (; k > 0; k--, a += 4, x += 4) sum += load<f32>(a) * load<f32>(x);
  return sum;
}

/**
 * y = A·x for m rows of A, lda bytes apart, their elements together, and elements of x `next` bytes apart; then f(y + bias) + residual, with
 * one bias for all where `one` says so, else one for each row.
 */
export function gemv(
  m: i32, k: i32, a: usize, lda: usize, x: usize, next: usize, y: usize, scratch: usize, bias: usize, residual: usize, activation: i32, one: i32,
): void {
  if (next != 4) {
    for (let i = 0; i < k; i++, x += next) store<f32>(scratch + (<usize>i << 2), load<f32>(x));
    x = scratch;
  }
  for (let i = 0, to = y; i < m; i++, a += lda, to += 4) store<f32>(to, dot(k, a, x));
  if (one) finish(m, 1, y, 4, bias, residual, activation);
  else finish(1, m, y, 0, bias, residual, activation);
}
