// Depthwise convolutions: each channel by itself, four of them at a time. One, two and three spatial axes are all seen as three.
import { finish } from './epilogue';
import { g } from './geometry';
import { mad } from './simd';

// @ts-ignore: decorator
@inline
function accumulate(out: usize, a: usize, b: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(out + c, mad(v128.load(a + c), v128.load(b + c), v128.load(out + c)));
  for (; c < bytes; c += 4) store<f32>(out + c, load<f32>(a + c) * load<f32>(b + c) + load<f32>(out + c));
}

/**
 * Of `number` output positions from `begin` on, for every tap inside: direction 0 adds x·w to y, 1 adds dy·w to dx, and 2 x·dy to dw.
 * What is added to holds zeros at first. In direction 0 f(y + bias) + residual follows, as `finish` does it.
 */
export function depthwise(
  direction: i32, geometry: usize, a: usize, b: usize, out: usize, begin: i32, number: i32, bias: usize, residual: usize, activation: i32,
): void {
  const D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), bytes = <usize>g(geometry, 4) << 2;
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  for (let m = begin, end = begin + number; m < end; m++) {
    const t = m / OW, q = t / OH, n = q / OD;
    const w0 = (m % OW) * g(geometry, 14) - g(geometry, 17);
    const h0 = (t % OH) * g(geometry, 13) - g(geometry, 16);
    const d0 = (q % OD) * g(geometry, 12) - g(geometry, 15);
    const position = <usize>m * bytes;
    let tap: usize = 0;
    for (let kd = 0, d = d0; kd < KD; kd++, d += g(geometry, 18)) {
      for (let kh = 0, h = h0; kh < KH; kh++, h += g(geometry, 19)) {
        for (let kw = 0, w = w0; kw < KW; kw++, w += g(geometry, 20), tap += bytes) {
          if (u32(d) >= u32(D) || u32(h) >= u32(H) || u32(w) >= u32(W)) continue;
          const at = <usize>(((n * D + d) * H + h) * W + w) * bytes;
          if (direction == 0) accumulate(out + position, a + at, b + tap, bytes);
          else if (direction == 1) accumulate(out + at, a + position, b + tap, bytes);
          else accumulate(out + tap, a + at, b + position, bytes);
        }
      }
    }
    if (direction == 0) finish(1, <i32>(bytes >> 2), out + position, bytes, bias, residual ? residual + position : 0, activation);
  }
}
