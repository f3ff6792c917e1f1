// Sums down the columns of rows × n numbers. They gather in float32 over a block of rows, which stays in the cache while all columns
// are gone through, and then in double precision.
import { mad } from './simd';

/** So few that each is a stream that the processor fetches ahead: with 64, rows from memory come at a third of the speed. */
const ROWS: i32 = 16;

// @ts-ignore: decorator
@inline
function widen(acc: usize, v: v128): void {
  v128.store(acc, f64x2.add(v128.load(acc), f64x2.promote_low_f32x4(v)));
  v128.store(acc, f64x2.add(v128.load(acc, 16), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3))), 16);
}

// @ts-ignore: decorator
@inline
function widenOne(acc: usize, v: f32): void {
  store<f64>(acc, load<f64>(acc) + <f64>v);
}

/** acc += Σ x, of rows `row` elements apart. */
export function columnSums(rows: i32, row: i32, n: i32, x: usize, acc: usize): void {
  const step = <usize>row << 2;
  for (; rows > 0; rows -= ROWS, x += <usize>ROWS * step) {
    const block = min<i32>(ROWS, rows);
    let p = x, to = acc, j = 0;
    for (; j + 16 <= n; j += 16, p += 64, to += 128) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let i = block, q = p; i > 0; i--, q += step) {
        a = f32x4.add(a, v128.load(q)); b = f32x4.add(b, v128.load(q, 16));
        c = f32x4.add(c, v128.load(q, 32)); d = f32x4.add(d, v128.load(q, 48));
      }
      widen(to, a); widen(to + 32, b); widen(to + 64, c); widen(to + 96, d);
    }
    for (; j + 4 <= n; j += 4, p += 16, to += 32) {
      let a = f32x4.splat(0);
      for (let i = block, q = p; i > 0; i--, q += step) a = f32x4.add(a, v128.load(q));
      widen(to, a);
    }
    for (; j < n; j++, p += 4, to += 8) {
      let a: f32 = 0;
      for (let i = block, q = p; i > 0; i--, q += step) a += load<f32>(q);
      widenOne(to, a);
    }
  }
}

/** acc += Σ (x − shift)² */
export function columnSquares(rows: i32, n: i32, x: usize, shift: usize, acc: usize): void {
  const step = <usize>n << 2;
  for (; rows > 0; rows -= ROWS, x += <usize>ROWS * step) {
    const block = min<i32>(ROWS, rows);
    let p = x, s = shift, to = acc, j = 0;
    for (; j + 16 <= n; j += 16, p += 64, s += 64, to += 128) {
      const sa = v128.load(s), sb = v128.load(s, 16), sc = v128.load(s, 32), sd = v128.load(s, 48);
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let i = block, q = p; i > 0; i--, q += step) {
        const va = f32x4.sub(v128.load(q), sa), vb = f32x4.sub(v128.load(q, 16), sb);
        const vc = f32x4.sub(v128.load(q, 32), sc), vd = f32x4.sub(v128.load(q, 48), sd);
        a = mad(va, va, a); b = mad(vb, vb, b); c = mad(vc, vc, c); d = mad(vd, vd, d);
      }
      widen(to, a); widen(to + 32, b); widen(to + 64, c); widen(to + 96, d);
    }
    for (; j + 4 <= n; j += 4, p += 16, s += 16, to += 32) {
      const sa = v128.load(s);
      let a = f32x4.splat(0);
      for (let i = block, q = p; i > 0; i--, q += step) { const v = f32x4.sub(v128.load(q), sa); a = mad(v, v, a); }
      widen(to, a);
    }
    for (; j < n; j++, p += 4, s += 4, to += 8) {
      const sa = load<f32>(s);
      let a: f32 = 0;
      for (let i = block, q = p; i > 0; i--, q += step) { const v = load<f32>(q) - sa; a += v * v; }
      widenOne(to, a);
    }
  }
}

/** sums += Σ d and products += Σ d·(x − shift). */
export function columnProducts(rows: i32, n: i32, x: usize, shift: usize, d: usize, sums: usize, products: usize): void {
  const step = <usize>n << 2;
  for (; rows > 0; rows -= ROWS, x += <usize>ROWS * step, d += <usize>ROWS * step) {
    const block = min<i32>(ROWS, rows);
    let at: usize = 0, j = 0;
    for (; j + 8 <= n; j += 8, at += 32) {
      const sa = v128.load(shift + at), sb = v128.load(shift + at, 16);
      let a = f32x4.splat(0), b = a, pa = a, pb = a;
      for (let i = block, q = x + at, e = d + at; i > 0; i--, q += step, e += step) {
        const da = v128.load(e), db = v128.load(e, 16);
        a = f32x4.add(a, da); b = f32x4.add(b, db);
        pa = mad(da, f32x4.sub(v128.load(q), sa), pa); pb = mad(db, f32x4.sub(v128.load(q, 16), sb), pb);
      }
      const to = at << 1;
      widen(sums + to, a); widen(sums + to + 32, b);
      widen(products + to, pa); widen(products + to + 32, pb);
    }
    for (; j < n; j++, at += 4) {
      const sa = load<f32>(shift + at);
      let a: f32 = 0, pa: f32 = 0;
      for (let i = block, q = x + at, e = d + at; i > 0; i--, q += step, e += step) {
        a += load<f32>(e);
        pa += load<f32>(e) * (load<f32>(q) - sa);
      }
      widenOne(sums + (at << 1), a);
      widenOne(products + (at << 1), pa);
    }
  }
}

/** y = (x − shift)·scale + offset, with rows of those three that repeat. */
export function affineRows(rows: i32, n: i32, x: usize, shift: usize, scale: usize, offset: usize, y: usize): void {
  for (; rows > 0; rows--) {
    let at: usize = 0;
    for (const stop = <usize>(n & ~3) << 2; at < stop; at += 16, x += 16, y += 16) {
      v128.store(y, mad(f32x4.sub(v128.load(x), v128.load(shift + at)), v128.load(scale + at), v128.load(offset + at)));
    }
    for (const stop = <usize>n << 2; at < stop; at += 4, x += 4, y += 4) {
      store<f32>(y, (load<f32>(x) - load<f32>(shift + at)) * load<f32>(scale + at) + load<f32>(offset + at));
    }
  }
}

/** dx = a·dy − b·(x − shift) − c, with rows of those four that repeat. */
export function affineRowGradients(rows: i32, n: i32, x: usize, shift: usize, dy: usize, a: usize, b: usize, c: usize, dx: usize): void {
  for (; rows > 0; rows--) {
    let at: usize = 0;
    for (const stop = <usize>(n & ~3) << 2; at < stop; at += 16, x += 16, dy += 16, dx += 16) {
      const along = f32x4.mul(v128.load(b + at), f32x4.sub(v128.load(x), v128.load(shift + at)));
      v128.store(dx, f32x4.sub(f32x4.sub(f32x4.mul(v128.load(a + at), v128.load(dy)), along), v128.load(c + at)));
    }
    for (const stop = <usize>n << 2; at < stop; at += 4, x += 4, dy += 4, dx += 4) {
      const along = load<f32>(b + at) * (load<f32>(x) - load<f32>(shift + at));
      store<f32>(dx, load<f32>(a + at) * load<f32>(dy) - along - load<f32>(c + at));
    }
  }
}
