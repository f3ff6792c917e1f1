// Gather, scatter, sort and random words. Shapes are seen as [blocks, length, inner].

/** y[b, i, :] = x[b, index[i], :], rows of `bytes`; out of range: `missing` as 32 bits, repeated. */
export function gather(blocks: i32, length: i32, count: i32, bytes: i32, x: usize, index: usize, y: usize, missing: u32): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++, y += <usize>bytes) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      if (u32(at) < u32(length)) {
        const from = x + <usize>(b * length + at) * <usize>bytes;
        if (bytes == 4) store<u32>(y, load<u32>(from));
        else memory.copy(y, from, <usize>bytes);
      } else if (missing) {
        for (let q = 0; q < bytes; q += 4) store<u32>(y + <usize>q, missing);
      } else {
        memory.fill(y, 0, <usize>bytes);
      }
    }
  }
}

/** Modes: 0 set, 1 add, 2 max, 3 min. y already holds x. */
export function scatter_f32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner << 2;
      if (u32(at) >= u32(length)) continue;
      const to = y + (<usize>((b * length + at) * inner) << 2);
      for (let q: usize = 0; q < <usize>inner << 2; q += 4) {
        const u = load<f32>(from + q), o = load<f32>(to + q);
        store<f32>(to + q, mode == 0 ? u : mode == 1 ? o + u : mode == 2 ? max<f32>(o, u) : min<f32>(o, u));
      }
    }
  }
}
export function scatter_i32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner << 2;
      if (u32(at) >= u32(length)) continue;
      const to = y + (<usize>((b * length + at) * inner) << 2);
      for (let q: usize = 0; q < <usize>inner << 2; q += 4) {
        const u = load<i32>(from + q), o = load<i32>(to + q);
        store<i32>(to + q, mode == 0 ? u : mode == 1 ? o + u : mode == 2 ? max<i32>(o, u) : min<i32>(o, u));
      }
    }
  }
}
export function scatter_u8(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner;
      if (u32(at) >= u32(length)) continue;
      const to = y + <usize>((b * length + at) * inner);
      for (let q: usize = 0; q < <usize>inner; q++) {
        const u = load<u8>(from + q), o = load<u8>(to + q);
        store<u8>(to + q, mode == 0 ? u : mode == 3 ? o & u : o | u);
      }
    }
  }
}

// A number whose order as int32 is that of the floats, NaN of either sign last and −0 equal to 0.
function rank(v: f32): i32 {
  if (v != v) return i32.MAX_VALUE;
  if (v == 0) return 0;
  const bits = reinterpret<i32>(v);
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

/** Kinds: 0 float32, 1 int32, 2 bool. */
function keyAt(kind: i32, x: usize, i: i32, s: i32): i32 {
  if (kind == 0) return rank(load<f32>(x + (<usize>(i * s) << 2)));
  if (kind == 1) return load<i32>(x + (<usize>(i * s) << 2));
  return <i32>load<u8>(x + <usize>(i * s));
}

/** The order of a line of n elements `s` apart, by merging from runs of one; stable. Scratch: 4·n int32. */
export function order(kind: i32, n: i32, x: usize, s: i32, descending: i32, scratch: usize): usize {
  let a = scratch, b = scratch + (<usize>n << 2);
  const keys = scratch + (<usize>n << 3);
  for (let i = 0; i < n; i++) {
    store<i32>(a + (<usize>i << 2), i);
    store<i32>(keys + (<usize>i << 2), keyAt(kind, x, i, s));
  }
  for (let run = 1; run < n; run <<= 1) {
    for (let start = 0; start < n; start += run << 1) {
      const middle = min<i32>(start + run, n), stop = min<i32>(start + (run << 1), n);
      let i = start, j = middle;
      for (let k = start; k < stop; k++) {
        let left = i < middle;
        if (left && j < stop) {
          const p = load<i32>(keys + (<usize>load<i32>(a + (<usize>i << 2)) << 2));
          const q = load<i32>(keys + (<usize>load<i32>(a + (<usize>j << 2)) << 2));
          left = descending ? p >= q : p <= q;
        }
        store<i32>(b + (<usize>k << 2), load<i32>(a + (<usize>(left ? i++ : j++) << 2)));
      }
    }
    const t = a; a = b; b = t;
  }
  return a;
}

/** y[i] = x[order[i]] along lines of n elements `s` apart, of 4 bytes or of 1. */
export function pick_32(n: i32, x: usize, s: i32, order: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    store<u32>(y + (<usize>(i * s) << 2), load<u32>(x + (<usize>(load<i32>(order + (<usize>i << 2)) * s) << 2)));
  }
}

export function pick_8(n: i32, x: usize, s: i32, order: usize, y: usize): void {
  for (let i = 0; i < n; i++) store<u8>(y + <usize>(i * s), load<u8>(x + <usize>(load<i32>(order + (<usize>i << 2)) * s)));
}

/** Philox 4×32-10: word i is lane i mod 4 of block ⌊i/4⌋. */
export function randomBits(n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, y: usize): void {
  for (let i = 0; i < n; i += 4) {
    let c0 = <u32>(i >> 2), c1: u32 = 0, c2 = counter0, c3 = counter1, k0 = key0, k1 = key1;
    for (let round = 0; round < 10; round++) {
      const p = <u64>0xd2511f53 * <u64>c0, q = <u64>0xcd9e8d57 * <u64>c2;
      const h1 = <u32>(q >> 32), h0 = <u32>(p >> 32);
      c0 = h1 ^ c1 ^ k0;
      c2 = h0 ^ c3 ^ k1;
      c1 = <u32>q;
      c3 = <u32>p;
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    const to = y + (<usize>i << 2);
    store<u32>(to, c0);
    if (i + 1 < n) store<u32>(to, c1, 4);
    if (i + 2 < n) store<u32>(to, c2, 8);
    if (i + 3 < n) store<u32>(to, c3, 12);
  }
}
