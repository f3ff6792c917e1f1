// Convolutions 3 × 3 with stride 1 by Winograd's F(2×2, 3×3): each tile of 2 × 2 outputs is a product of 16 numbers for each
// channel and filter, not of 36. @see Lavin, Gray 2015, "Fast Algorithms for Convolutional Neural Networks". https://arxiv.org/abs/1509.09308
//
// Backward means the gradient of the input: the same with outputs and inputs changed over, and the kernel turned round.
import { finish } from './epilogue';
import { g } from './geometry';
import { COLUMNS, ROWS, strip } from './strip';

/** Tiles that go through together: their transforms stay in the second cache. */
const TILES: i32 = 64;

/**
 * Between the sixteen parts of the transforms lies a line of cache: without it, parts whose length is a power of two would fall onto
 * each other in the nearest cache, and each number written would drive out another's line.
 */
const GAP: i32 = 64;

/** Scratch for tiles of `from` channels that become `to`: transforms, products, a row of zeros and sixteen addresses. */
export function winogradScratchBytes(from: i32, to: i32): i32 {
  return (16 * TILES * (from + to) + from) * 4 + 32 * GAP + 64;
}

// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline
function half(a: v128): v128 { return f32x4.mul(a, f32x4.splat(0.5)); }

// Four numbers that lie `step` bytes apart.
// @ts-ignore: decorator
@inline
function gather(from: usize, step: usize): v128 {
  const v = v128.load_lane<f32>(from + step, v128.load_zero<f32>(from), 1);
  return v128.load_lane<f32>(from + 3 * step, v128.load_lane<f32>(from + 2 * step, v, 2), 3);
}

// A row of G·w·Gᵀ from one of G·w.
// @ts-ignore: decorator
@inline
function kernelRow(a: v128, b: v128, c: v128, u: usize, step: usize): void {
  const ends = add(a, c);
  v128.store(u, a);
  v128.store(u + step, half(add(ends, b)));
  v128.store(u + 2 * step, half(sub(ends, b)));
  v128.store(u + 3 * step, c);
}

// Tap k of four filters; backward, of four channels of the kernel turned round.
// @ts-ignore: decorator
@inline
function tap(at: usize, k: usize, plane: usize, filter: usize, backward: i32): v128 {
  return backward ? gather(at + (8 - k) * plane, filter) : v128.load(at + k * plane);
}

/** The kernel's transform G·w·Gᵀ, 16 matrices `[from, to]`, each packed in panels of columns. */
export function winogradKernel(geometry: usize, w: usize, u: usize, backward: i32): void {
  const C = g(geometry, 4), F = g(geometry, 8);
  const from = backward ? F : C, to = backward ? C : F;
  const filter = <usize>F << 2, plane = <usize>C * filter, step = <usize>from * (<usize>to << 2);
  for (let j = 0; j < to; j += 4) {
    for (let i = 0; i < from; i++) {
      const at = w + (<usize>(backward ? j * F + i : i * F + j) << 2);
      const w0 = tap(at, 0, plane, filter, backward), w1 = tap(at, 1, plane, filter, backward), w2 = tap(at, 2, plane, filter, backward);
      const w3 = tap(at, 3, plane, filter, backward), w4 = tap(at, 4, plane, filter, backward), w5 = tap(at, 5, plane, filter, backward);
      const w6 = tap(at, 6, plane, filter, backward), w7 = tap(at, 7, plane, filter, backward), w8 = tap(at, 8, plane, filter, backward);
      const e0 = add(w0, w6), e1 = add(w1, w7), e2 = add(w2, w8);
      const out = u + (<usize>((j / COLUMNS * from + i) * COLUMNS + j % COLUMNS) << 2);
      kernelRow(w0, w1, w2, out, step);
      kernelRow(half(add(e0, w3)), half(add(e1, w4)), half(add(e2, w5)), out + 4 * step, step);
      kernelRow(half(sub(e0, w3)), half(sub(e1, w4)), half(sub(e2, w5)), out + 8 * step, step);
      kernelRow(w6, w7, w8, out + 12 * step, step);
    }
  }
}

// Row i of Bᵀ·d from rows p and q of d: their difference, or their sum.
// @ts-ignore: decorator
@inline
function row(p: usize, q: usize, c: usize, j: usize, plus: bool): v128 {
  const a = v128.load(load<usize>(p + j) + c), b = v128.load(load<usize>(q + j) + c);
  return plus ? add(a, b) : sub(a, b);
}

// A row of Bᵀ·d·B, four numbers of the transform.
// @ts-ignore: decorator
@inline
function inputRow(p: usize, q: usize, c: usize, plus: bool, v: usize, step: usize): void {
  const t0 = row(p, q, c, 0, plus), t1 = row(p, q, c, 4, plus), t2 = row(p, q, c, 8, plus), t3 = row(p, q, c, 12, plus);
  v128.store(v, sub(t0, t2));
  v128.store(v + step, add(t1, t2));
  v128.store(v + 2 * step, sub(t2, t1));
  v128.store(v + 3 * step, sub(t1, t3));
}

/** V = Bᵀ·d·B of one tile, whose sixteen inputs lie at `addresses`; each of its numbers `step` bytes from the last. */
function inputTransform(channels: i32, addresses: usize, v: usize, step: usize): void {
  for (let c: usize = 0, end = <usize>channels << 2; c < end; c += 16) {
    inputRow(addresses, addresses + 32, c, false, v + c, step);
    inputRow(addresses + 16, addresses + 32, c, true, v + c + 4 * step, step);
    inputRow(addresses + 32, addresses + 16, c, false, v + c + 8 * step, step);
    inputRow(addresses + 16, addresses + 48, c, false, v + c + 12 * step, step);
  }
}

/** Y = Aᵀ·M·A of one tile; `right` and `below` say whether its second column and row are inside. */
function outputTransform(filters: i32, m: usize, step: usize, y: usize, line: usize, right: bool, below: bool): void {
  const next = <usize>filters << 2;
  for (let f: usize = 0; f < next; f += 16, m += 16) {
    let p = v128.load(m), q = v128.load(m + 4 * step), r = v128.load(m + 8 * step), s = v128.load(m + 12 * step);
    const a0 = add(add(p, q), r), b0 = sub(sub(q, r), s);
    p = v128.load(m + step); q = v128.load(m + 5 * step); r = v128.load(m + 9 * step); s = v128.load(m + 13 * step);
    const a1 = add(add(p, q), r), b1 = sub(sub(q, r), s);
    p = v128.load(m + 2 * step); q = v128.load(m + 6 * step); r = v128.load(m + 10 * step); s = v128.load(m + 14 * step);
    const a2 = add(add(p, q), r), b2 = sub(sub(q, r), s);
    p = v128.load(m + 3 * step); q = v128.load(m + 7 * step); r = v128.load(m + 11 * step); s = v128.load(m + 15 * step);
    const a3 = add(add(p, q), r), b3 = sub(sub(q, r), s);
    v128.store(y + f, add(add(a0, a1), a2));
    if (right) v128.store(y + f + next, sub(sub(a1, a2), a3));
    if (below) {
      v128.store(y + f + line, add(add(b0, b1), b2));
      if (right) v128.store(y + f + line + next, sub(sub(b1, b2), b3));
    }
  }
}

/** Of the output's tiles over all examples, `number` from `begin` on; then f(y + bias) + residual. Channels are multiples of 4, filters of 16. */
export function winograd(
  geometry: usize, x: usize, u: usize, y: usize, begin: i32, number: i32, backward: i32, scratch: usize,
  bias: usize, residual: usize, activation: i32,
): void {
  const end = begin + number;
  const C = g(geometry, 4), F = g(geometry, 8);
  const from = backward ? F : C, to = backward ? C : F;
  const H = backward ? g(geometry, 10) : g(geometry, 2), W = backward ? g(geometry, 11) : g(geometry, 3);
  const OH = backward ? g(geometry, 2) : g(geometry, 10), OW = backward ? g(geometry, 3) : g(geometry, 11);
  const PH = backward ? 2 - g(geometry, 16) : g(geometry, 16), PW = backward ? 2 - g(geometry, 17) : g(geometry, 17);
  const lines = (OH + 1) >> 1, columns = (OW + 1) >> 1;
  const width = <usize>from << 2, out = <usize>to << 2;
  const stepV = <usize>TILES * width + GAP, stepM = <usize>TILES * out + GAP;
  const v = scratch, m = v + 16 * stepV, zeros = m + 16 * stepM, addresses = zeros + width;
  memory.fill(zeros, 0, width);
  for (let first = begin; first < end; first += TILES) {
    const count = min<i32>(TILES, end - first);
    for (let t = 0; t < count; t++) {
      const tile = first + t;
      const w0 = (tile % columns) * 2 - PW, h0 = ((tile / columns) % lines) * 2 - PH, n = tile / (columns * lines);
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          const h = h0 + i, w = w0 + j;
          const inside = u32(h) < u32(H) && u32(w) < u32(W);
          store<usize>(addresses + (<usize>(i * 4 + j) << 2), inside ? x + <usize>((n * H + h) * W + w) * width : zeros);
        }
      }
      inputTransform(from, addresses, v + <usize>t * width, stepV);
    }
    // Too few have neighbours of what was there before, whose products are not used.
    const rows = max<i32>(count, ROWS);
    for (let k: usize = 0; k < 16; k++) {
      const part = u + k * <usize>from * out;
      for (let j = 0; j < to; j += COLUMNS) {
        const b = part + (<usize>(j * from) << 2);
        strip(COLUMNS, rows, from, v + k * stepV, width, 0, b, <usize>COLUMNS << 2, m + k * stepM + (<usize>j << 2), out, 0, 0, 0);
      }
    }
    for (let t = 0; t < count; t++) {
      const tile = first + t;
      const w = (tile % columns) * 2, h = ((tile / columns) % lines) * 2, n = tile / (columns * lines);
      const at = y + <usize>((n * OH + h) * OW + w) * out;
      const line = <usize>OW * out;
      outputTransform(to, m + <usize>t * out, stepM, at, line, w + 1 < OW, h + 1 < OH);
      const across = 1 + i32(w + 1 < OW);
      const from = residual ? residual + (at - y) : 0;
      finish(across, to, at, out, bias, from, activation);
      if (h + 1 < OH) finish(across, to, at + line, out, bias, residual ? from + line : 0, activation);
    }
  }
}
