// Convolutions as matrix products over blocks of output positions: the patches of a block are laid out as the rows of
// a small matrix that stays in cache. One, two and three spatial axes are all seen as three.
import { gemm, gemmEpilogue } from './gemm';
import { g } from './geometry';

/** Positions per block for patches of K elements: as many as stay in the nearest cache, within bounds. */
export function convolutionBlock(K: i32): i32 {
  return max<i32>(64, min<i32>(256, 8192 / max<i32>(1, K)));
}

// @ts-ignore: decorator
@inline
function copyRun(to: usize, from: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(to + c, v128.load(from + c));
  // The last vector overlaps the one before it.
  if (c < bytes && bytes > 16) v128.store(to + bytes - 16, v128.load(from + bytes - 16));
  else for (; c < bytes; c += 4) store<f32>(to + c, load<f32>(from + c));
}

/** Runs of as many bytes, from `step` bytes apart to `next` bytes apart. */
function copyRuns(count: i32, to: usize, next: usize, from: usize, step: usize, bytes: usize): void {
  if (bytes >= 32 && bytes <= 48) {
    // Windows of three times three channels, as images have them, are such.
    for (const rest = bytes - 16; count > 0; count--, to += next, from += step) {
      v128.store(to, v128.load(from, 0), 0);
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to + rest, v128.load(from + rest));
    }
  } else if (bytes >= 8 && bytes <= 16) {
    // Windows over one channel are.
    for (const rest = bytes - 8; count > 0; count--, to += next, from += step) {
      store<u64>(to, load<u64>(from));
      store<u64>(to + rest, load<u64>(from + rest));
    }
  } else {
    for (; count > 0; count--, to += next, from += step) copyRun(to, from, bytes);
  }
}

// @ts-ignore: decorator
@inline
function addRun(to: usize, from: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(to + c, f32x4.add(v128.load(to + c), v128.load(from + c)));
  for (; c < bytes; c += 4) store<f32>(to + c, load<f32>(to + c) + load<f32>(from + c));
}

/**
 * Goes over the patches of output positions [first, first + count): `direction` 0 copies elements into the rows of
 * `rows`, 1 adds the rows to the elements they came from. `channel` and `channels` choose a group.
 */
function patches(direction: i32, geometry: usize, x: usize, first: i32, count: i32, channel: i32, channels: i32, rows: usize): void {
  const D = g(geometry, 1), H = g(geometry, 2), W = g(geometry, 3), C = g(geometry, 4);
  const KD = g(geometry, 5), KH = g(geometry, 6), KW = g(geometry, 7);
  const OD = g(geometry, 9), OH = g(geometry, 10), OW = g(geometry, 11);
  const SD = g(geometry, 12), SH = g(geometry, 13), SW = g(geometry, 14);
  const PD = g(geometry, 15), PH = g(geometry, 16), PW = g(geometry, 17);
  const LD = g(geometry, 18), LH = g(geometry, 19), LW = g(geometry, 20);
  const bytes = <usize>channels << 2;
  // Where neighbours in a patch are neighbours in memory, a line of the patch is one run.
  const run = channels == C && LW == 1 ? <usize>KW * bytes : 0;
  const patch = <usize>(KD * KH * KW) * bytes;
  const line = <usize>(W * C * LH) << 2, plane = <usize>(H * W * C * LD) << 2;
  let ow = first % OW, t = first / OW;
  let oh = t % OH;
  t /= OH;
  let od = t % OD, n = t / OD;
  for (let m = 0; m < count;) {
    const w0 = ow * SW - PW, d0 = od * SD - PD, h0 = oh * SH - PH;
    let ahead = 1;
    if (run != 0 && w0 >= 0 && w0 + KW <= W && d0 >= 0 && d0 + (KD - 1) * LD < D && h0 >= 0 && h0 + (KH - 1) * LH < H) {
      // Nothing of the window is outside, as mostly, nor of those beside it along the line.
      ahead = min<i32>(min<i32>(count - m, OW - ow), (W - KW - w0) / SW + 1);
      const step = <usize>(SW * C) << 2;
      const corner = x + (<usize>((((n * D + d0) * H + h0) * W + w0) * C) << 2);
      // What is added must come in the order of positions, so that sums do not depend on how many go together.
      const together = direction == 0 ? ahead : 1;
      for (let i = 0; i < ahead; i += together) {
        let to = rows + <usize>i * patch, from = corner + <usize>i * step;
        for (let kd = 0; kd < KD; kd++, from += plane) {
          for (let kh = 0, p = from; kh < KH; kh++, p += line, to += run) {
            if (direction == 0) copyRuns(ahead, to, patch, p, step, run);
            else addRun(p, to, run);
          }
        }
      }
      rows += <usize>ahead * patch;
    } else for (let kd = 0, d = d0; kd < KD; kd++, d += LD) {
      for (let kh = 0, h = h0; kh < KH; kh++, h += LH) {
        const inside = u32(d) < u32(D) && u32(h) < u32(H);
        const start = x + ((((<usize>(n * D + d)) * H + h) * W * C + channel) << 2);
        for (let kw = 0, w = w0; kw < KW; kw++, w += LW) {
          const p = start + (<usize>(w * C) << 2);
          if (inside && u32(w) < u32(W)) {
            if (direction == 0) copyRun(rows, p, bytes);
            else addRun(p, rows, bytes);
          } else if (direction == 0) {
            memory.fill(rows, 0, bytes);
          }
          rows += bytes;
        }
      }
    }
    m += ahead;
    ow += ahead;
    if (ow < OW) continue;
    ow = 0;
    if (++oh < OH) continue;
    oh = 0;
    if (++od < OD) continue;
    od = 0;
    n++;
  }
}

/** Of the output positions from `begin` on, `count`; then f(y + bias) + residual, as `finish` does it. */
export function convolution(
  geometry: usize, x: usize, w: usize, y: usize, rows: usize, scratch: usize, begin: i32, count: i32,
  bias: usize, residual: usize, activation: i32,
): void {
  const groups = g(geometry, 21), C = g(geometry, 4), F = g(geometry, 8);
  const channels = C / groups, filters = F / groups;
  const K = g(geometry, 5) * g(geometry, 6) * g(geometry, 7) * channels;
  const end = min<i32>(begin + count, g(geometry, 0) * g(geometry, 9) * g(geometry, 10) * g(geometry, 11));
  const block = convolutionBlock(K);
  const ldc = <usize>F << 2;
  for (let group = 0; group < groups; group++) {
    const at = <usize>(group * filters) << 2;
    for (let first = begin; first < end; first += block) {
      const positions = min<i32>(block, end - first);
      patches(0, geometry, x, first, positions, group * channels, channels, rows);
      const out = <usize>first * ldc + at;
      gemmEpilogue(
        positions, filters, K, rows, <usize>K << 2, 4, w + at, ldc, 4, y + out, ldc, 0, i32(first > begin), scratch,
        bias ? bias + at : 0, residual ? residual + out : 0, activation,
      );
    }
  }
}

/** dx, which is zero at first, gets the rows dY·Wᵀ of `count` output positions from `begin` on added where their patches came from. */
export function convolutionInputGradient(geometry: usize, dy: usize, w: usize, dx: usize, rows: usize, scratch: usize, begin: i32, count: i32): void {
  const groups = g(geometry, 21), C = g(geometry, 4), F = g(geometry, 8);
  const channels = C / groups, filters = F / groups;
  const K = g(geometry, 5) * g(geometry, 6) * g(geometry, 7) * channels;
  const end = min<i32>(begin + count, g(geometry, 0) * g(geometry, 9) * g(geometry, 10) * g(geometry, 11));
  const block = convolutionBlock(K);
  const row = <usize>F << 2;
  for (let group = 0; group < groups; group++) {
    const at = <usize>(group * filters) << 2;
    for (let first = begin; first < end; first += block) {
      const positions = min<i32>(block, end - first);
      gemm(positions, K, filters, dy + <usize>first * row + at, row, 4, w + at, 4, row, rows, <usize>K << 2, 0, i32(first > begin), scratch);
      patches(1, geometry, dx, first, positions, group * channels, channels, rows);
    }
  }
}

/** dW, which is zero at first, gets patchesᵀ·dY of `count` output positions from `begin` on added. */
export function convolutionKernelGradient(geometry: usize, x: usize, dy: usize, dw: usize, rows: usize, scratch: usize, begin: i32, count: i32): void {
  const groups = g(geometry, 21), C = g(geometry, 4), F = g(geometry, 8);
  const channels = C / groups, filters = F / groups;
  const K = g(geometry, 5) * g(geometry, 6) * g(geometry, 7) * channels;
  const end = min<i32>(begin + count, g(geometry, 0) * g(geometry, 9) * g(geometry, 10) * g(geometry, 11));
  const block = convolutionBlock(K);
  const row = <usize>F << 2;
  for (let group = 0; group < groups; group++) {
    const at = <usize>(group * filters) << 2;
    for (let first = begin; first < end; first += block) {
      const positions = min<i32>(block, end - first);
      patches(0, geometry, x, first, positions, group * channels, channels, rows);
      gemm(K, filters, positions, rows, 4, <usize>K << 2, dy + <usize>first * row + at, row, 4, dw + at, row, 1, 0, scratch);
    }
  }
}
