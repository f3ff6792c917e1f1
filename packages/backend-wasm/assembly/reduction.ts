import { vexp } from './vector-functions';

// Folds: `rows` lines of `n` elements each are folded into accumulators `sa` apart: 0 folds a line into one, 1 keeps
// its places. Strides count elements. Sums and products are accumulated in double precision and rounded once.

export function sum_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    if (sa == 0) {
      let s = load<f64>(acc);
      let i = 0;
      if (sx == 1) {
        let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
        for (; i + 4 <= n; i += 4) {
          const v = v128.load(x + (<usize>i << 2));
          s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
          s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
        }
        s0 = f64x2.add(s0, s1);
        s += f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
      }
      for (; i < n; i++) s += <f64>load<f32>(x + (<usize>(i * sx) << 2));
      store<f64>(acc, s);
    } else {
      let i = 0;
      if (sx == 1) {
        for (; i + 4 <= n; i += 4) {
          const p = acc + (<usize>i << 3);
          const v = v128.load(x + (<usize>i << 2));
          v128.store(p, f64x2.add(v128.load(p), f64x2.promote_low_f32x4(v)));
          v128.store(p, f64x2.add(v128.load(p, 16), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3))), 16);
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

// min and max of WebAssembly give NaN where either operand is NaN.
export function max_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 2);
      store<f32>(p, max<f32>(load<f32>(p), load<f32>(x + (<usize>(i * sx) << 2))));
    }
  }
}
export function min_f32(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
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

/** The place of the first extremum of a line; a NaN counts as one. */
export function argmax_f32(n: i32, x: usize, sx: i32): i32 {
  let best = load<f32>(x), at = 0;
  for (let i = 0; i < n; i++) {
    const v = load<f32>(x + (<usize>(i * sx) << 2));
    if (v != v) return i;
    if (v > best) { best = v; at = i; }
  }
  return at;
}
export function argmin_f32(n: i32, x: usize, sx: i32): i32 {
  let best = load<f32>(x), at = 0;
  for (let i = 0; i < n; i++) {
    const v = load<f32>(x + (<usize>(i * sx) << 2));
    if (v != v) return i;
    if (v < best) { best = v; at = i; }
  }
  return at;
}
export function argmax_i32(n: i32, x: usize, sx: i32): i32 {
  let best = load<i32>(x), at = 0;
  for (let i = 1; i < n; i++) {
    const v = load<i32>(x + (<usize>(i * sx) << 2));
    if (v > best) { best = v; at = i; }
  }
  return at;
}
export function argmin_i32(n: i32, x: usize, sx: i32): i32 {
  let best = load<i32>(x), at = 0;
  for (let i = 1; i < n; i++) {
    const v = load<i32>(x + (<usize>(i * sx) << 2));
    if (v < best) { best = v; at = i; }
  }
  return at;
}
export function argmax_u8(n: i32, x: usize, sx: i32): i32 {
  for (let i = 0; i < n; i++) if (load<u8>(x + <usize>(i * sx))) return i;
  return 0;
}
export function argmin_u8(n: i32, x: usize, sx: i32): i32 {
  for (let i = 0; i < n; i++) if (!load<u8>(x + <usize>(i * sx))) return i;
  return 0;
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

/** Softmax, or its logarithm, of a line of n elements `s` apart. */
export function softmax_f32(n: i32, x: usize, y: usize, s: i32, logarithm: i32): void {
  const d = <usize>s << 2;
  // How many lie in whole vectors; what is left over goes one by one.
  const vectors = s == 1 ? n & ~3 : 0;
  let largest = f32x4.splat(-Infinity);
  // A NaN is passed over here, and makes the sum NaN.
  for (let i = 0; i < vectors; i += 4) largest = f32x4.pmax(largest, v128.load(x + (<usize>i << 2)));
  let most = max<f32>(
    max<f32>(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max<f32>(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
  for (let i = vectors, p = x + <usize>vectors * d; i < n; i++, p += d) most = max<f32>(most, load<f32>(p));
  let sum: f64 = 0;
  if (vectors) {
    const shift = f32x4.splat(most);
    let low = f64x2.splat(0), high = low;
    for (let i = 0; i < vectors; i += 4) {
      const at = <usize>i << 2;
      const e = vexp(f32x4.sub(v128.load(x + at), shift));
      low = f64x2.add(low, f64x2.promote_low_f32x4(e));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(e, e, 2, 3, 2, 3)));
      if (!logarithm) v128.store(y + at, e);
    }
    low = f64x2.add(low, high);
    sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  }
  for (let i = vectors, p = x + <usize>vectors * d, q = y + <usize>vectors * d; i < n; i++, p += d, q += d) {
    const e = f32x4.extract_lane(vexp(f32x4.splat(load<f32>(p) - most)), 0);
    sum += <f64>e;
    if (!logarithm) store<f32>(q, e);
  }
  if (logarithm) {
    const shift = <f32>Math.log(sum);
    for (let i = 0, p = x, q = y; i < n; i++, p += d, q += d) store<f32>(q, load<f32>(p) - most - shift);
  } else {
    const scale = <f32>(1 / sum);
    const scales = f32x4.splat(scale);
    for (let i = 0; i < vectors; i += 4) v128.store(y + (<usize>i << 2), f32x4.mul(v128.load(y + (<usize>i << 2)), scales));
    for (let i = vectors, q = y + <usize>vectors * d; i < n; i++, q += d) store<f32>(q, load<f32>(q) * scale);
  }
}
