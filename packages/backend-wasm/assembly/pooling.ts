// Pooling over windows of `[N, ...S, C]`, four channels at a time. One, two and three spatial axes are all seen as three.
import { g } from './geometry';

/** Notes where the elements of the window of output position m begin, as bytes from x, in `taps`; gives their number. */
function tapsOf(geometry: usize, m: i32, taps: usize): i32 {
  const D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), C = g(geometry, 4);
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  const t = m / OW, q = t / OH;
  const w0 = (m % OW) * g(geometry, 14) - g(geometry, 17);
  const h0 = (t % OH) * g(geometry, 13) - g(geometry, 16);
  const d0 = (q % OD) * g(geometry, 12) - g(geometry, 15);
  const n = q / OD;
  let count = 0;
  for (let kd = 0, d = d0; kd < KD; kd++, d += g(geometry, 18)) {
    if (u32(d) >= u32(D)) continue;
    for (let kh = 0, h = h0; kh < KH; kh++, h += g(geometry, 19)) {
      if (u32(h) >= u32(H)) continue;
      for (let kw = 0, w = w0; kw < KW; kw++, w += g(geometry, 20)) {
        if (u32(w) >= u32(W)) continue;
        store<usize>(taps + (<usize>count << 2), (((<usize>(n * D + d) * H + h) * W + w) * C) << 2);
        count++;
      }
    }
  }
  return count;
}

/** How many windows along the line, the one of output position m first, lie alike: with nothing outside, so that only where they begin differs. */
function alike(geometry: usize, m: i32, most: i32, count: i32): i32 {
  const KW = g(geometry, 7), OW = g(geometry, 11), SW = g(geometry, 14);
  if (count != g(geometry, 5) * g(geometry, 6) * KW) return 1;
  const ow = m % OW;
  const last = ow * SW - g(geometry, 17) + (KW - 1) * g(geometry, 20);
  return min<i32>(min<i32>(most, OW - ow), (g(geometry, 3) - 1 - last) / SW + 1);
}

// pmax passes over a NaN, at a third of max's cost; a mask of ones makes the result one.
// @ts-ignore: decorator
@inline
function isNaN4(v: v128): v128 {
  return f32x4.ne(v, v);
}

/** The largest element of `number` windows from `begin` on, NaN if there is one; padding counts as −∞. */
export function maxPool(geometry: usize, x: usize, y: usize, taps: usize, begin: i32, number: i32): void {
  const C = g(geometry, 4), M = begin + number;
  const step = <usize>(g(geometry, 14) * C) << 2;
  for (let m = begin; m < M;) {
    const count = tapsOf(geometry, m, taps);
    const end = taps + (<usize>count << 2);
    let windows = alike(geometry, m, M - m, count);
    m += windows;
    for (let origin = x; windows > 0; windows--, origin += step) {
      let c = 0, from = origin;
      if (count == 4) {
        const a = load<usize>(taps), b = load<usize>(taps, 4), d = load<usize>(taps, 8), e = load<usize>(taps, 12);
        for (; c + 4 <= C; c += 4, y += 16, from += 16) {
          const p = v128.load(from + a), q = v128.load(from + b), r = v128.load(from + d), s = v128.load(from + e);
          const unordered = v128.or(v128.or(isNaN4(p), isNaN4(q)), v128.or(isNaN4(r), isNaN4(s)));
          v128.store(y, v128.or(f32x4.pmax(f32x4.pmax(p, q), f32x4.pmax(r, s)), unordered));
        }
      }
      for (; c + 4 <= C; c += 4, y += 16, from += 16) {
        let best = f32x4.splat(-Infinity), unordered = f32x4.splat(0);
        for (let t = taps; t < end; t += 4) {
          const v = v128.load(from + load<usize>(t));
          best = f32x4.pmax(best, v);
          unordered = v128.or(unordered, isNaN4(v));
        }
        v128.store(y, v128.or(best, unordered));
      }
      for (; c < C; c++, y += 4, from += 4) {
        let best: f32 = -Infinity;
        for (let t = taps; t < end; t += 4) best = max<f32>(best, load<f32>(from + load<usize>(t)));
        store<f32>(y, best);
      }
    }
  }
}

/** Whether windows along an axis (0 to 2) share no elements, and whether every element is in one. */
function areApart(geometry: usize, axis: i32): bool {
  return g(geometry, 12 + axis) > (g(geometry, 5 + axis) - 1) * g(geometry, 18 + axis);
}
function areEverywhere(geometry: usize, axis: i32): bool {
  const K = g(geometry, 5 + axis), S = g(geometry, 12 + axis);
  return S == K && (K == 1 || g(geometry, 18 + axis) == 1) && g(geometry, 15 + axis) == 0 && g(geometry, 9 + axis) * S >= g(geometry, 1 + axis);
}

/** Where v is larger than best; a NaN is larger than all. */
// @ts-ignore: decorator
@inline
function larger(v: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
}

/** Of whole examples, `number` windows from `begin` on: dx gets dy where each window has its first maximum, and is 0 elsewhere. */
export function maxPoolGradient(geometry: usize, x: usize, dy: usize, dx: usize, taps: usize, begin: i32, number: i32): void {
  const C = g(geometry, 4), M = begin + number;
  const step = <usize>(g(geometry, 14) * C) << 2;
  const apart = areApart(geometry, 0) && areApart(geometry, 1) && areApart(geometry, 2);
  if (!apart || !areEverywhere(geometry, 0) || !areEverywhere(geometry, 1) || !areEverywhere(geometry, 2)) {
    const each = g(geometry, 9) * g(geometry, 10) * g(geometry, 11);
    const bytes = <usize>(g(geometry, 1) * g(geometry, 2) * g(geometry, 3) * C) << 2;
    memory.fill(dx + <usize>(begin / each) * bytes, 0, <usize>(number / each) * bytes);
  }
  for (let m = begin; m < M;) {
    const count = tapsOf(geometry, m, taps);
    const end = taps + (<usize>count << 2);
    let windows = alike(geometry, m, M - m, count);
    m += windows;
    for (let at: usize = 0; windows > 0; windows--, at += step) {
      let c = 0, from = x + at, to = dx + at;
      if (count == 4 && apart) {
        const i = load<usize>(taps), j = load<usize>(taps, 4), k = load<usize>(taps, 8), l = load<usize>(taps, 12);
        for (; c + 4 <= C; c += 4, dy += 16, from += 16, to += 16) {
          const q = v128.load(from + j), r = v128.load(from + k), s = v128.load(from + l);
          let best = v128.load(from + i);
          const second = larger(q, best);
          best = v128.bitselect(q, best, second);
          const third = larger(r, best);
          best = v128.bitselect(r, best, third);
          const fourth = larger(s, best), slope = v128.load(dy);
          const later = v128.or(third, fourth);
          v128.store(to + i, v128.andnot(slope, v128.or(second, later)));
          v128.store(to + j, v128.and(slope, v128.andnot(second, later)));
          v128.store(to + k, v128.and(slope, v128.andnot(third, fourth)));
          v128.store(to + l, v128.and(slope, fourth));
        }
      }
      for (; c + 4 <= C; c += 4, dy += 16, from += 16, to += 16) {
        if (count == 0) continue;
        let best = v128.load(from + load<usize>(taps));
        let place = i32x4.splat(<i32>taps);
        for (let t = taps + 4; t < end; t += 4) {
          const v = v128.load(from + load<usize>(t));
          const more = larger(v, best);
          best = v128.bitselect(v, best, more);
          place = v128.bitselect(i32x4.splat(<i32>t), place, more);
        }
        const slope = v128.load(dy);
        for (let t = taps; t < end; t += 4) {
          const p = to + load<usize>(t), own = v128.and(slope, i32x4.eq(place, i32x4.splat(<i32>t)));
          v128.store(p, apart ? own : f32x4.add(v128.load(p), own));
        }
      }
      for (; c < C; c++, dy += 4, from += 4, to += 4) {
        if (count == 0) continue;
        let place = load<usize>(taps);
        let best = load<f32>(from + place);
        for (let t = taps + 4; t < end; t += 4) {
          const v = load<f32>(from + load<usize>(t));
          if (v > best || (v != v && best == best)) { best = v; place = load<usize>(t); }
        }
        if (apart) for (let t = taps; t < end; t += 4) store<f32>(to + load<usize>(t), 0);
        store<f32>(to + place, apart ? load<f32>(dy) : load<f32>(to + place) + load<f32>(dy));
      }
    }
  }
}
