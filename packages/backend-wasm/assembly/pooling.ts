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

/** The largest element of `number` windows from `begin` on, NaN if there is one; padding counts as −∞. */
export function maxPool(geometry: usize, x: usize, y: usize, taps: usize, begin: i32, number: i32): void {
  const C = g(geometry, 4), M = begin + number;
  for (let m = begin; m < M; m++) {
    const count = tapsOf(geometry, m, taps);
    const end = taps + (<usize>count << 2);
    let c = 0;
    for (; c + 4 <= C; c += 4, y += 16) {
      const from = x + (<usize>c << 2);
      let best = f32x4.splat(-Infinity), unordered = f32x4.splat(0);
      for (let t = taps; t < end; t += 4) {
        const v = v128.load(from + load<usize>(t));
        // pmax passes over a NaN, at a third of max's cost; a mask of ones makes the result one.
        best = f32x4.pmax(best, v);
        unordered = v128.or(unordered, f32x4.ne(v, v));
      }
      v128.store(y, v128.or(best, unordered));
    }
    for (; c < C; c++, y += 4) {
      const from = x + (<usize>c << 2);
      let best: f32 = -Infinity;
      for (let t = taps; t < end; t += 4) best = max<f32>(best, load<f32>(from + load<usize>(t)));
      store<f32>(y, best);
    }
  }
}

/** dx, which is zero at first, gets dy of `number` windows from `begin` on added where each has its first maximum (a NaN is larger than all). */
export function maxPoolGradient(geometry: usize, x: usize, dy: usize, dx: usize, taps: usize, begin: i32, number: i32): void {
  const C = g(geometry, 4), M = begin + number;
  for (let m = begin; m < M; m++) {
    const count = tapsOf(geometry, m, taps);
    const end = taps + (<usize>count << 2);
    let c = 0;
    for (; c + 4 <= C; c += 4, dy += 16) {
      if (count == 0) continue;
      const from = x + (<usize>c << 2), to = dx + (<usize>c << 2);
      let best = v128.load(from + load<usize>(taps));
      let place = i32x4.splat(<i32>taps);
      for (let t = taps + 4; t < end; t += 4) {
        const v = v128.load(from + load<usize>(t));
        const unordered = v128.andnot(f32x4.ne(v, v), f32x4.ne(best, best));
        const larger = v128.or(f32x4.gt(v, best), unordered);
        best = v128.bitselect(v, best, larger);
        place = v128.bitselect(i32x4.splat(<i32>t), place, larger);
      }
      const slope = v128.load(dy);
      for (let t = taps; t < end; t += 4) {
        const p = to + load<usize>(t);
        v128.store(p, f32x4.add(v128.load(p), v128.and(slope, i32x4.eq(place, i32x4.splat(<i32>t)))));
      }
    }
    for (; c < C; c++, dy += 4) {
      if (count == 0) continue;
      const from = x + (<usize>c << 2);
      let place = load<usize>(taps);
      let best = load<f32>(from + place);
      for (let t = taps + 4; t < end; t += 4) {
        const v = load<f32>(from + load<usize>(t));
        if (v > best || (v != v && best == best)) { best = v; place = load<usize>(t); }
      }
      const p = dx + (<usize>c << 2) + place;
      store<f32>(p, load<f32>(p) + load<f32>(dy));
    }
  }
}
