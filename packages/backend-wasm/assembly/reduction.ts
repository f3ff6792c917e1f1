import { across } from './simd';

// Folds: `rows` lines of `n` elements each are folded into accumulators `sa` apart: 0 folds a line into one, 1 keeps
// its places. Strides count elements. Sums and products are accumulated in double precision and rounded once.

const BLOCK: i32 = 1024;

/** The sum of a block of a multiple of 16 numbers, in sixteen sums side by side: of so few that float32 loses little. */
function blockSum(n: i32, x: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (const stop = x + (<usize>n << 2); x < stop; x += 64) {
    a = f32x4.add(a, v128.load(x)); b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32)); d = f32x4.add(d, v128.load(x, 48));
  }
  return across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

const ROWS: i32 = 64;

// @ts-ignore: decorator
@inline
function widen(acc: usize, v: v128): void {
  v128.store(acc, f64x2.add(v128.load(acc), f64x2.promote_low_f32x4(v)));
  v128.store(acc, f64x2.add(v128.load(acc, 16), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3))), 16);
}

/** Adds rows up, sixteen columns at a time, and so many rows in float32 before they go to the accumulators. */
function columnSums(rows: i32, row: i32, n: i32, x: usize, acc: usize): void {
  const step = <usize>row << 2;
  for (let j = 0; j < n; j += 16, x += 64, acc += 128) {
    let p = x;
    for (let left = rows; left > 0; left -= ROWS) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let i = min<i32>(ROWS, left); i > 0; i--, p += step) {
        a = f32x4.add(a, v128.load(p)); b = f32x4.add(b, v128.load(p, 16));
        c = f32x4.add(c, v128.load(p, 32)); d = f32x4.add(d, v128.load(p, 48));
      }
      widen(acc, a); widen(acc + 32, b); widen(acc + 64, c); widen(acc + 96, d);
    }
  }
}

export function sum_f32(rows: i32, row: i32, n_: i32, x_: usize, sx: i32, acc_: usize, sa: i32): void {
  let n = n_, x = x_, acc = acc_;
  if (sx == 1 && sa == 1 && rows > 1) {
    const whole = n & ~15;
    columnSums(rows, row, whole, x, acc);
    n -= whole;
    x += <usize>whole << 2;
    acc += <usize>whole << 3;
  }
  for (; rows > 0; rows--, x += <usize>row << 2) {
    if (sa == 0) {
      let s = load<f64>(acc);
      let i = 0;
      if (sx == 1) {
        for (; i + 16 <= n; i += BLOCK) s += <f64>blockSum(min<i32>(BLOCK, (n - i) & ~15), x + (<usize>i << 2));
        i = n & ~15;
      }
      for (; i < n; i++) s += <f64>load<f32>(x + (<usize>(i * sx) << 2));
      store<f64>(acc, s);
    } else {
      let i = 0;
      if (sx == 1) {
        for (; i + 4 <= n; i += 4) {
          widen(acc + (<usize>i << 3), v128.load(x + (<usize>i << 2)));
        }
      }
      for (; i < n; i++) {
        const p = acc + (<usize>i << 3);
        store<f64>(p, load<f64>(p) + <f64>load<f32>(x + (<usize>(i * sx) << 2)));
      }
    }
  }
}

export function prod_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 3);
      store<f64>(p, load<f64>(p) * <f64>load<f32>(x + (<usize>(i * sx) << 2)));
    }
  }
}

// pmax and pmin pass a NaN over or keep it, depending on where it stands, so a mask notes where one was. min and max give NaN
// where either operand is NaN, much more slowly.
export function max_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    let i = 0;
    if (sx == 1 && sa == 0 && n >= 16) {
      let a = v128.load(x), b = a, c = a, d = a, unordered = f32x4.ne(a, a);
      for (; i + 16 <= n; i += 16) {
        const at = x + (<usize>i << 2);
        const p = v128.load(at), q = v128.load(at, 16), r = v128.load(at, 32), s = v128.load(at, 48);
        a = f32x4.pmax(a, p); b = f32x4.pmax(b, q); c = f32x4.pmax(c, r); d = f32x4.pmax(d, s);
        unordered = v128.or(unordered, v128.or(v128.or(f32x4.ne(p, p), f32x4.ne(q, q)), v128.or(f32x4.ne(r, r), f32x4.ne(s, s))));
      }
      const v = f32x4.max(f32x4.max(a, b), f32x4.max(c, d));
      const w = max<f32>(max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
      store<f32>(acc, v128.any_true(unordered) ? NaN : max<f32>(load<f32>(acc), w));
    } else if (sx == 1 && sa == 1) {
      for (; i + 4 <= n; i += 4) {
        const p = acc + (<usize>i << 2);
        const v = v128.load(x + (<usize>i << 2));
        v128.store(p, v128.bitselect(v, f32x4.pmax(v128.load(p), v), f32x4.ne(v, v)));
      }
    }
    for (; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<f32>(p, max<f32>(load<f32>(p), load<f32>(x + (<usize>(i * sx) << 2))));
    }
  }
}
export function min_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    let i = 0;
    if (sx == 1 && sa == 0 && n >= 16) {
      let a = v128.load(x), b = a, c = a, d = a, unordered = f32x4.ne(a, a);
      for (; i + 16 <= n; i += 16) {
        const at = x + (<usize>i << 2);
        const p = v128.load(at), q = v128.load(at, 16), r = v128.load(at, 32), s = v128.load(at, 48);
        a = f32x4.pmin(a, p); b = f32x4.pmin(b, q); c = f32x4.pmin(c, r); d = f32x4.pmin(d, s);
        unordered = v128.or(unordered, v128.or(v128.or(f32x4.ne(p, p), f32x4.ne(q, q)), v128.or(f32x4.ne(r, r), f32x4.ne(s, s))));
      }
      const v = f32x4.min(f32x4.min(a, b), f32x4.min(c, d));
      const w = min<f32>(min<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), min<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
      store<f32>(acc, v128.any_true(unordered) ? NaN : min<f32>(load<f32>(acc), w));
    } else if (sx == 1 && sa == 1) {
      for (; i + 4 <= n; i += 4) {
        const p = acc + (<usize>i << 2);
        const v = v128.load(x + (<usize>i << 2));
        v128.store(p, v128.bitselect(v, f32x4.pmin(v128.load(p), v), f32x4.ne(v, v)));
      }
    }
    for (; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<f32>(p, min<f32>(load<f32>(p), load<f32>(x + (<usize>(i * sx) << 2))));
    }
  }
}

export function sum_i32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<i32>(p, load<i32>(p) + load<i32>(x + (<usize>(i * sx) << 2)));
    }
  }
}
export function prod_i32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<i32>(p, load<i32>(p) * load<i32>(x + (<usize>(i * sx) << 2)));
    }
  }
}
export function max_i32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<i32>(p, max<i32>(load<i32>(p), load<i32>(x + (<usize>(i * sx) << 2))));
    }
  }
}
export function min_i32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<i32>(p, min<i32>(load<i32>(p), load<i32>(x + (<usize>(i * sx) << 2))));
    }
  }
}
export function max_u8(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row) {
    for (let i = 0; i < n; i++) {
      const p = acc + <usize>(i * sa);
      store<u8>(p, load<u8>(p) | load<u8>(x + <usize>(i * sx)));
    }
  }
}
export function min_u8(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row) {
    for (let i = 0; i < n; i++) {
      const p = acc + <usize>(i * sa);
      store<u8>(p, load<u8>(p) & load<u8>(x + <usize>(i * sx)));
    }
  }
}

/** Stores the place of the first extremum of a line; a NaN counts as one. */
export function argmax_f32(n: i32, x: usize, sx: i32, y: usize): void {
  let best = load<f32>(x), at = 0;
  for (let i = 0; i < n; i++) {
    const v = load<f32>(x + (<usize>(i * sx) << 2));
    if (v != v) return store<i32>(y, i);
    if (v > best) { best = v; at = i; }
  }
  store<i32>(y, at);
}
export function argmin_f32(n: i32, x: usize, sx: i32, y: usize): void {
  let best = load<f32>(x), at = 0;
  for (let i = 0; i < n; i++) {
    const v = load<f32>(x + (<usize>(i * sx) << 2));
    if (v != v) return store<i32>(y, i);
    if (v < best) { best = v; at = i; }
  }
  store<i32>(y, at);
}
export function argmax_i32(n: i32, x: usize, sx: i32, y: usize): void {
  let best = load<i32>(x), at = 0;
  for (let i = 1; i < n; i++) {
    const v = load<i32>(x + (<usize>(i * sx) << 2));
    if (v > best) { best = v; at = i; }
  }
  store<i32>(y, at);
}
export function argmin_i32(n: i32, x: usize, sx: i32, y: usize): void {
  let best = load<i32>(x), at = 0;
  for (let i = 1; i < n; i++) {
    const v = load<i32>(x + (<usize>(i * sx) << 2));
    if (v < best) { best = v; at = i; }
  }
  store<i32>(y, at);
}
export function argmax_u8(n: i32, x: usize, sx: i32, y: usize): void {
  for (let i = 0; i < n; i++) if (load<u8>(x + <usize>(i * sx))) return store<i32>(y, i);
  store<i32>(y, 0);
}
export function argmin_u8(n: i32, x: usize, sx: i32, y: usize): void {
  for (let i = 0; i < n; i++) if (!load<u8>(x + <usize>(i * sx))) return store<i32>(y, i);
  store<i32>(y, 0);
}

export function cumsum_f32(n: i32, x: usize, y: usize, s: i32): void {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    sum += <f64>load<f32>(x + (<usize>(i * s) << 2));
    store<f32>(y + (<usize>(i * s) << 2), <f32>sum);
  }
}
export function cumsum_i32(n: i32, x: usize, y: usize, s: i32): void {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += load<i32>(x + (<usize>(i * s) << 2));
    store<i32>(y + (<usize>(i * s) << 2), sum);
  }
}
