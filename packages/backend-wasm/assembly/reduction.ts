import { columnSums } from './columns';
import { across } from './simd';

// Folds: `rows` lines of `n` elements each are folded into accumulators `sa` apart: 0 folds a line into one, 1 keeps its places. So go
// `parts` from `first` on, each of `per` rows (or, where there is one row, of `per` of its elements) with accumulators of its own, `pa`
// after those of the part before. Strides count elements. Sums and products of floats accumulate in doubles.
const SUM: i32 = 0, PROD: i32 = 1, MAX: i32 = 2, MIN: i32 = 3;

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

/** Sums accumulate in double precision, and are rounded once. */
function sumLines(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  if (sx == 1 && sa == 1 && rows > 1) {
    columnSums(rows, row, n, x, acc);
    return;
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
      for (let i = 0; i < n; i++) {
        const p = acc + (<usize>i << 3);
        store<f64>(p, load<f64>(p) + <f64>load<f32>(x + (<usize>(i * sx) << 2)));
      }
    }
  }
}

/** Rows up to this length are added up in float32, four rows at a time. */
const SHORT_ROW: i32 = 256;

/** The sums of rows `row` apart to accumulators `apart` apart. */
function rowSums(rows: i32, row: i32, n: i32, x: usize, acc: usize, apart: i32): void {
  const next = <usize>row << 2, whole = <usize>(n & ~3) << 2, end = <usize>n << 2;
  for (; rows > 0; rows -= 4, x += 4 * next) {
    // Where fewer than four are left, the last of them stands for the others.
    const q = x + (rows > 1 ? next : 0), r = q + (rows > 2 ? next : 0), s = r + (rows > 3 ? next : 0);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    let i: usize = 0;
    for (; i < whole; i += 16) {
      a = f32x4.add(a, v128.load(x + i)); b = f32x4.add(b, v128.load(q + i));
      c = f32x4.add(c, v128.load(r + i)); d = f32x4.add(d, v128.load(s + i));
    }
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    let sums = f32x4.add(v128.shuffle<u64>(ab, cd, 0, 2), v128.shuffle<u64>(ab, cd, 1, 3));
    for (; i < end; i += 4) {
      let rest = v128.load_splat<f32>(x + i);
      rest = f32x4.replace_lane(rest, 1, load<f32>(q + i));
      rest = f32x4.replace_lane(rest, 2, load<f32>(r + i));
      sums = f32x4.add(sums, f32x4.replace_lane(rest, 3, load<f32>(s + i)));
    }
    const step = <usize>apart << 3;
    store<f64>(acc, load<f64>(acc) + <f64>f32x4.extract_lane(sums, 0));
    acc += step;
    if (rows > 1) { store<f64>(acc, load<f64>(acc) + <f64>f32x4.extract_lane(sums, 1)); acc += step; }
    if (rows > 2) { store<f64>(acc, load<f64>(acc) + <f64>f32x4.extract_lane(sums, 2)); acc += step; }
    if (rows > 3) { store<f64>(acc, load<f64>(acc) + <f64>f32x4.extract_lane(sums, 3)); acc += step; }
  }
}

// pmax and pmin pass a NaN over or keep it, depending on where it stands, so a mask notes where one was. max and min give NaN
// where either operand is NaN, much more slowly.
// @ts-ignore: decorator
@inline
function further(op: i32, a: v128, b: v128): v128 {
  return op == MAX ? f32x4.pmax(a, b) : f32x4.pmin(a, b);
}

// @ts-ignore: decorator
@inline
function combine<T>(op: i32, a: T, b: T): T {
  return op == SUM ? a + b : op == PROD ? a * b : op == MAX ? max<T>(a, b) : min<T>(a, b);
}

// @ts-ignore: decorator
@inline
function lane(op: i32, v: v128): f32 {
  const a = combine<f32>(op, f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
  return combine<f32>(op, a, combine<f32>(op, f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** The extreme of a line. */
// @ts-ignore: decorator
@inline
function extreme(op: i32, n: i32, x: usize, acc: usize): void {
  let a = v128.load(x), b = a, c = a, d = a, unordered = f32x4.ne(a, a);
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~15) << 2);
  for (; x < stop; x += 64) {
    const p = v128.load(x), q = v128.load(x, 16), r = v128.load(x, 32), s = v128.load(x, 48);
    a = further(op, a, p); b = further(op, b, q); c = further(op, c, r); d = further(op, d, s);
    unordered = v128.or(unordered, v128.or(f32x4.ne(p, p), v128.or(f32x4.ne(q, q), v128.or(f32x4.ne(r, r), f32x4.ne(s, s)))));
  }
  let most = combine<f32>(op, load<f32>(acc), v128.any_true(unordered) ? NaN : lane(op, further(op, further(op, a, b), further(op, c, d))));
  for (; x < end; x += 4) most = combine<f32>(op, most, load<f32>(x));
  store<f32>(acc, most);
}

/** Extremes of floats, and folds of whole numbers. */
// @ts-ignore: decorator
@inline
function lines<T>(op: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << alignof<T>()) {
    let i = 0;
    if (isFloat<T>() && sx == 1) {
      if (sa == 0 && n >= 16) {
        extreme(op, n, x, acc);
        continue;
      }
      if (sa == 1) {
        for (; i + 4 <= n; i += 4) {
          const p = acc + (<usize>i << 2);
          const v = v128.load(x + (<usize>i << 2));
          v128.store(p, v128.bitselect(v, further(op, v128.load(p), v), f32x4.ne(v, v)));
        }
      }
    }
    for (; i < n; i++) {
      const p = acc + (<usize>(i * sa) << alignof<T>());
      store<T>(p, combine<T>(op, load<T>(p), load<T>(x + (<usize>(i * sx) << alignof<T>()))));
    }
  }
}

function productLines(rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32): void {
  for (; rows > 0; rows--, x += <usize>row << 2) {
    for (let i = 0; i < n; i++) {
      const p = acc + (<usize>(i * sa) << 3);
      store<f64>(p, load<f64>(p) * <f64>load<f32>(x + (<usize>(i * sx) << 2)));
    }
  }
}

// @ts-ignore: decorator
@inline
function fold<T>(op: i32, first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  const wide = isFloat<T>() && op <= PROD;
  if (wide && op == SUM && per == 1 && rows > 1 && sx == 1 && sa == 0 && n <= SHORT_ROW) {
    rowSums(parts, row, n, x + (<usize>(first * row) << 2), acc + (<usize>(first * pa) << 3), pa);
    return;
  }
  for (let part = first; part < first + parts; part++) {
    const from = part * per;
    const to = acc + (<usize>(part * pa) << (wide ? 3 : alignof<T>()));
    const at = x + (<usize>(from * (rows == 1 ? sx : row)) << alignof<T>());
    const lines_ = rows == 1 ? 1 : min<i32>(per, rows - from);
    const length = rows == 1 ? min<i32>(per, n - from) : n;
    if (!wide) lines<T>(op, lines_, row, length, at, sx, to, sa);
    else if (op == SUM) sumLines(lines_, row, length, at, sx, to, sa);
    else productLines(lines_, row, length, at, sx, to, sa);
  }
}

export function sum_f32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<f32>(SUM, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function prod_f32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<f32>(PROD, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function max_f32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<f32>(MAX, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function min_f32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<f32>(MIN, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function sum_i32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<i32>(SUM, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function prod_i32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<i32>(PROD, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function max_i32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<i32>(MAX, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function min_i32(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<i32>(MIN, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function max_u8(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<u8>(MAX, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}
export function min_u8(first: i32, parts: i32, per: i32, rows: i32, row: i32, n: i32, x: usize, sx: i32, acc: usize, sa: i32, pa: i32): void {
  fold<u8>(MIN, first, parts, per, rows, row, n, x, sx, acc, sa, pa);
}

/** y = the accumulators of all parts, `apart` from each other, added or multiplied in their order, and rounded. */
export function roundSums(parts: i32, n: i32, acc: usize, apart: i32, product: i32, y: usize): void {
  let i = 0;
  if (parts == 1) {
    for (; i + 4 <= n; i += 4, y += 16) {
      const p = acc + (<usize>i << 3);
      v128.store(y, v128.shuffle<u64>(f32x4.demote_f64x2_zero(v128.load(p)), f32x4.demote_f64x2_zero(v128.load(p, 16)), 0, 2));
    }
  }
  for (; i < n; i++, y += 4) {
    let p = acc + (<usize>i << 3);
    let value = load<f64>(p);
    for (let part = 1; part < parts; part++) {
      p += <usize>apart << 3;
      value = product ? value * load<f64>(p) : value + load<f64>(p);
    }
    store<f32>(y, <f32>value);
  }
}
