// Depthwise convolutions: each channel by itself, four of them at a time. One, two and three spatial axes are all seen as three.
// An output element adds up its taps in their order, however many elements are done together.
import { finish } from './epilogue';
import { g } from './geometry';
import { mad } from './simd';

/** The first tap that is not before its axis, of those `step` apart from `start` on. */
function firstInside(start: i32, step: i32): i32 {
  return start >= 0 ? 0 : (step - 1 - start) / step;
}

/** How many of `taps` begin before the end of an axis. */
function countInside(start: i32, step: i32, taps: i32, length: i32): i32 {
  return start >= length ? 0 : min<i32>(taps, (length - 1 - start) / step + 1);
}

/** The taps that one output line or element sees: where the first lies in x and in w, how many there are, and how far apart. */
@unmanaged
class Taps {
  x: usize;
  w: usize;
  planes: i32;
  lines: i32;
  places: i32;
  planeX: usize;
  planeW: usize;
  lineX: usize;
  lineW: usize;
  placeX: usize;
}

// Sums of `vectors` fours of channels, c bytes on.
// @ts-ignore: decorator
@inline
function sum(t: Taps, c: usize, bytes: usize, y: usize, vectors: i32): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let px = t.x + c, pw = t.w + c;
  for (let kd = t.planes; kd > 0; kd--, px += t.planeX, pw += t.planeW) {
    let lx = px, lw = pw;
    for (let kh = t.lines; kh > 0; kh--, lx += t.lineX, lw += t.lineW) {
      let x = lx, w = lw;
      for (let kw = t.places; kw > 0; kw--, x += t.placeX, w += bytes) {
        s0 = mad(v128.load(x), v128.load(w), s0);
        if (vectors == 1) continue;
        s1 = mad(v128.load(x, 16), v128.load(w, 16), s1);
        s2 = mad(v128.load(x, 32), v128.load(w, 32), s2);
        s3 = mad(v128.load(x, 48), v128.load(w, 48), s3);
      }
    }
  }
  v128.store(y + c, s0);
  if (vectors == 1) return;
  v128.store(y + c, s1, 16);
  v128.store(y + c, s2, 32);
  v128.store(y + c, s3, 48);
}

function sumOne(t: Taps, c: usize, bytes: usize, y: usize): void {
  let s: f32 = 0;
  let px = t.x + c, pw = t.w + c;
  for (let kd = t.planes; kd > 0; kd--, px += t.planeX, pw += t.planeW) {
    let lx = px, lw = pw;
    for (let kh = t.lines; kh > 0; kh--, lx += t.lineX, lw += t.lineW) {
      let x = lx, w = lw;
      for (let kw = t.places; kw > 0; kw--, x += t.placeX, w += bytes) s += load<f32>(x) * load<f32>(w);
    }
  }
  store<f32>(y + c, s);
}

/** One output position, all channels. */
function position(t: Taps, bytes: usize, y: usize): void {
  let c: usize = 0;
  for (; c + 64 <= bytes; c += 64) sum(t, c, bytes, y, 4);
  for (; c + 16 <= bytes; c += 16) sum(t, c, bytes, y, 1);
  for (; c < bytes; c += 4) sumOne(t, c, bytes, y);
}

/** Four output positions beside each other, of windows three wide that step by one: they share what they see. */
function four(t: Taps, bytes: usize, y: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let px = t.x + c, pw = t.w + c;
    for (let kd = t.planes; kd > 0; kd--, px += t.planeX, pw += t.planeW) {
      let x = px, w = pw;
      for (let kh = t.lines; kh > 0; kh--, x += t.lineX, w += t.lineW) {
        const w0 = v128.load(w), w1 = v128.load(w + bytes), w2 = v128.load(w + 2 * bytes);
        const x0 = v128.load(x), x1 = v128.load(x + bytes), x2 = v128.load(x + 2 * bytes);
        s0 = mad(x2, w2, mad(x1, w1, mad(x0, w0, s0)));
        const x3 = v128.load(x + 3 * bytes);
        s1 = mad(x3, w2, mad(x2, w1, mad(x1, w0, s1)));
        const x4 = v128.load(x + 4 * bytes);
        s2 = mad(x4, w2, mad(x3, w1, mad(x2, w0, s2)));
        const x5 = v128.load(x + 5 * bytes);
        s3 = mad(x5, w2, mad(x4, w1, mad(x3, w0, s3)));
      }
    }
    v128.store(y + c, s0);
    v128.store(y + bytes + c, s1);
    v128.store(y + 2 * bytes + c, s2);
    v128.store(y + 3 * bytes + c, s3);
  }
}

/** Of the output's lines over all examples and planes, `count` from `begin` on; then f(y + bias) + residual, as `finish` does it. */
export function depthwise(
  geometry: usize, x: usize, w: usize, y: usize, begin: i32, count: i32, scratch: usize, bias: usize, residual: usize, activation: i32,
): void {
  const D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), C = g(geometry, 4), bytes = <usize>C << 2;
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  const SW = g(geometry, 14), LD = g(geometry, 18), LH = g(geometry, 19), LW = g(geometry, 20);
  const t = changetype<Taps>(scratch);
  t.placeX = <usize>LW * bytes;
  t.lineX = <usize>(W * LH) * bytes;
  t.lineW = <usize>KW * bytes;
  t.planeX = <usize>(H * W * LD) * bytes;
  t.planeW = <usize>(KH * KW) * bytes;
  const fours = KW == 3 && SW == 1 && LW == 1 && (bytes & 15) == 0;
  for (let m = begin, end = begin + count; m < end; m++) {
    const q = m / OH, n = q / OD;
    const h0 = (m % OH) * g(geometry, 13) - g(geometry, 16), d0 = (q % OD) * g(geometry, 12) - g(geometry, 15);
    const kd = firstInside(d0, LD), kh = firstInside(h0, LH);
    t.planes = countInside(d0, LD, KD, D) - kd;
    t.lines = countInside(h0, LH, KH, H) - kh;
    const lineX = x + <usize>(((n * D + d0 + kd * LD) * H + h0 + kh * LH) * W) * bytes;
    const lineW = w + <usize>((kd * KH + kh) * KW) * bytes;
    const out = y + <usize>(m * OW) * bytes;
    for (let ow = 0; ow < OW;) {
      const w0 = ow * SW - g(geometry, 17);
      const kw = firstInside(w0, LW);
      t.places = countInside(w0, LW, KW, W) - kw;
      t.x = lineX + <usize>(w0 + kw * LW) * bytes;
      t.w = lineW + <usize>kw * bytes;
      const to = out + <usize>ow * bytes;
      if (fours && w0 >= 0 && w0 + 6 <= W && ow + 4 <= OW) {
        four(t, bytes, to);
        ow += 4;
      } else {
        position(t, bytes, to);
        ow++;
      }
    }
    finish(OW, C, out, bytes, bias, residual ? residual + (out - y) : 0, activation);
  }
}

/** The kernel with its taps in reverse order: what the gradient of the input sees where windows step by one. */
export function depthwiseTurned(taps: i32, channels: i32, w: usize, to: usize): void {
  const bytes = <usize>channels << 2;
  for (let from = w + <usize>(taps - 1) * bytes; taps > 0; taps--, from -= bytes, to += bytes) memory.copy(to, from, bytes);
}

// @ts-ignore: decorator
@inline
function accumulate(out: usize, a: usize, b: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(out + c, mad(v128.load(a + c), v128.load(b + c), v128.load(out + c)));
  for (; c < bytes; c += 4) store<f32>(out + c, load<f32>(a + c) * load<f32>(b + c) + load<f32>(out + c));
}

/** dx, which holds zeros at first, gets dy·w of `count` output positions from `begin` on added for every tap inside. */
export function depthwiseInputGradient(geometry: usize, dy: usize, w: usize, dx: usize, begin: i32, count: i32): void {
  const D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), bytes = <usize>g(geometry, 4) << 2;
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  for (let m = begin, end = begin + count; m < end; m++) {
    const t = m / OW, q = t / OH, n = q / OD;
    const w0 = (m % OW) * g(geometry, 14) - g(geometry, 17);
    const h0 = (t % OH) * g(geometry, 13) - g(geometry, 16);
    const d0 = (q % OD) * g(geometry, 12) - g(geometry, 15);
    let tap: usize = 0;
    for (let kd = 0, d = d0; kd < KD; kd++, d += g(geometry, 18)) {
      for (let kh = 0, h = h0; kh < KH; kh++, h += g(geometry, 19)) {
        for (let kw = 0, v = w0; kw < KW; kw++, v += g(geometry, 20), tap += bytes) {
          if (u32(d) >= u32(D) || u32(h) >= u32(H) || u32(v) >= u32(W)) continue;
          accumulate(dx + <usize>(((n * D + d) * H + h) * W + v) * bytes, dy + <usize>m * bytes, w + tap, bytes);
        }
      }
    }
  }
}

/** Σ x·dy over the places of two lines, each `nextX` and `nextY` bytes after the last, added to four channels of dw. */
// @ts-ignore: decorator
@inline
function addLine(places: i32, x: usize, nextX: usize, dy: usize, nextY: usize, dw: usize): void {
  let s = f32x4.splat(0), t = s;
  for (; places > 1; places -= 2, x += 2 * nextX, dy += 2 * nextY) {
    s = mad(v128.load(x), v128.load(dy), s);
    t = mad(v128.load(x + nextX), v128.load(dy + nextY), t);
  }
  if (places) s = mad(v128.load(x), v128.load(dy), s);
  v128.store(dw, f32x4.add(v128.load(dw), f32x4.add(s, t)));
}

// The same of the three taps of windows that step by one, whose places all are inside.
// @ts-ignore: decorator
@inline
function addThree(places: i32, x: usize, dy: usize, next: usize, dw: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, t0 = s0, t1 = s0, t2 = s0;
  for (; places > 1; places -= 2, x += 2 * next, dy += 2 * next) {
    const a = v128.load(dy), b = v128.load(dy + next);
    const x1 = v128.load(x + next), x2 = v128.load(x + 2 * next);
    s0 = mad(v128.load(x), a, s0);
    s1 = mad(x1, a, s1);
    s2 = mad(x2, a, s2);
    t0 = mad(x1, b, t0);
    t1 = mad(x2, b, t1);
    t2 = mad(v128.load(x + 3 * next), b, t2);
  }
  if (places) {
    const a = v128.load(dy);
    s0 = mad(v128.load(x), a, s0);
    s1 = mad(v128.load(x + next), a, s1);
    s2 = mad(v128.load(x + 2 * next), a, s2);
  }
  v128.store(dw, f32x4.add(v128.load(dw), f32x4.add(s0, t0)));
  v128.store(dw + next, f32x4.add(v128.load(dw + next), f32x4.add(s1, t1)));
  v128.store(dw + 2 * next, f32x4.add(v128.load(dw + 2 * next), f32x4.add(s2, t2)));
}

function addLineOne(places: i32, x: usize, nextX: usize, dy: usize, nextY: usize, dw: usize): void {
  let s: f32 = 0;
  for (; places > 0; places--, x += nextX, dy += nextY) s += load<f32>(x) * load<f32>(dy);
  store<f32>(dw, load<f32>(dw) + s);
}

/** dw, which holds zeros at first, of `count` channels from `begin` on: line by line, so that few numbers are added up at a time. */
export function depthwiseKernelGradient(geometry: usize, x: usize, dy: usize, dw: usize, begin: i32, count: i32): void {
  const N = g(geometry, 0), D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), C = g(geometry, 4), bytes = <usize>C << 2;
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  const SW = g(geometry, 14), LW = g(geometry, 20), PW = g(geometry, 17);
  const from = <usize>begin << 2, to = <usize>min<i32>(begin + count, C) << 2, vectors = from + ((to - from) & ~15);
  // Output places of which all three taps of a window are inside.
  const threes = KW == 3 && SW == 1 && LW == 1;
  const inner = max<i32>(0, PW), within = min<i32>(OW, W - 2 + PW) - inner;
  for (let m = 0; m < N * OD * OH; m++) {
    const q = m / OH, n = q / OD;
    const h0 = (m % OH) * g(geometry, 13) - g(geometry, 16), d0 = (q % OD) * g(geometry, 12) - g(geometry, 15);
    const lineY = dy + <usize>(m * OW) * bytes;
    for (let kd = 0, d = d0; kd < KD; kd++, d += g(geometry, 18)) {
      for (let kh = 0, h = h0; kh < KH; kh++, h += g(geometry, 19)) {
        if (u32(d) >= u32(D) || u32(h) >= u32(H)) continue;
        const lineX = x + <usize>(((n * D + d) * H + h) * W) * bytes;
        const tap = dw + <usize>((kd * KH + kh) * KW) * bytes;
        const shared = threes && within > 0;
        if (shared) {
          const a = lineX + <usize>(inner - PW) * bytes, b = lineY + <usize>inner * bytes;
          for (let c = from; c < vectors; c += 16) addThree(within, a + c, b + c, bytes, tap + c);
        }
        for (let kw = 0; kw < KW; kw++) {
          // Output places that see this tap inside.
          const start = kw * LW - PW;
          const low = firstInside(start, SW), high = countInside(start, SW, OW, W);
          const a = lineX + <usize>(start + low * SW) * bytes, b = lineY + <usize>low * bytes, k = tap + <usize>kw * bytes;
          const nextX = <usize>SW * bytes;
          if (!shared) {
            for (let c = from; c < vectors; c += 16) addLine(high - low, a + c, nextX, b + c, bytes, k + c);
          } else {
            // Those before and behind the ones that all taps share.
            const behind = inner + within, ax = lineX + <usize>(start + behind) * bytes, by = lineY + <usize>behind * bytes;
            for (let c = from; c < vectors; c += 16) {
              if (low < inner) addLine(inner - low, a + c, nextX, b + c, bytes, k + c);
              if (high > behind) addLine(high - behind, ax + c, nextX, by + c, bytes, k + c);
            }
          }
          for (let c = vectors; c < to; c += 4) addLineOne(high - low, a + c, nextX, b + c, bytes, k + c);
        }
      }
    }
  }
}
