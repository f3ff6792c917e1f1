// Scaled dot-product attention of one head, block by block: the matrix of all pairs is never whole in memory.
// Strides are in bytes; n goes from matrix to matrix, r from row to row, c along one.
import { gemm, SCRATCH_BYTES } from './gemm';
import { add_f32, log_f32 } from './elementwise';
import { scaledExponentials } from './exponentials';
import { largest, multiply } from './rows';
import { drop, words } from './random';
import { first } from './simd';
import { vexp } from './vector-functions';

const QUERIES: i32 = 128;
const KEYS: i32 = 128;
const ROW: usize = <usize>KEYS << 2;
const TILE: usize = ROW * QUERIES;

/** Three tiles of scores, a maximum and a sum for each query, and words for a row, behind what matrix products need. */
export function attentionScratchBytes(): i32 {
  return <i32>(SCRATCH_BYTES + 3 * TILE + <usize>QUERIES * 8 + ROW);
}

/** How many keys of a block a query sees. */
// @ts-ignore: decorator
@inline
function visible(causal: i32, query: i32, firstKey: i32, keys: i32): i32 {
  return causal ? max<i32>(0, min<i32>(keys, query - firstKey + 1)) : keys;
}

/** What a mask holds: whether a query sees a key, or what is added to its score. */
const SEEN: i32 = 1;

/** Whether scores must be scaled before they are masked; else their exponentials do it, which leaves the order of scores as it is. */
// @ts-ignore: decorator
@inline
function isScaledFirst(kind: i32, scale: f32): bool {
  return kind > SEEN || !(scale > 0);
}

/** Masks a row of scores: what is masked or beyond `seen` becomes −∞, up to whole vectors. */
function mask(row: usize, seen: i32, keys: i32, scale: f32, kind: i32, m: usize, cm: usize): void {
  if (isScaledFirst(kind, scale)) multiply(seen, row, scale);
  if (kind == SEEN) {
    for (let j = 0; j < seen; j++) if (!load<u8>(m + <usize>j * cm)) store<f32>(row + (<usize>j << 2), -Infinity);
  } else if (kind) {
    for (let j = 0, p = row; j < seen; j++, p += 4) store<f32>(p, load<f32>(p) + load<f32>(m + <usize>j * cm));
  }
  const whole = (keys + 3) & ~3;
  for (let j = seen; j < whole; j++) store<f32>(row + (<usize>j << 2), -Infinity);
}

/** Where the weight of a query and a key stands among all: the place of its word in the stream. */
// @ts-ignore: decorator
@inline
function placeOf(head: i32, T: i32, S: i32, query: i32, firstKey: i32): u64 {
  return (<u64>head * <u64>T + <u64>query) * <u64>S + <u64>firstKey;
}

/** y = softmax(Q·Kᵀ·scale)·V, its weights dropped at a rate, and the logarithm of each query's Σ eˢ, for T queries and S keys. */
function attendOne(
  T: i32, S: i32, D: i32, E: i32, q: usize, rq: usize, cq: usize, k: usize, rk: usize, ck: usize, v: usize, rv: usize, cv: usize,
  m: usize, rm: usize, cm: usize, y: usize, logs: usize, scale: f32, causal: i32, kind: i32,
  rate: f32, kept: f32, key: usize, counter: usize, head: i32, scratch: usize,
): void {
  const tile = scratch + SCRATCH_BYTES, most = tile + 3 * TILE, sums = most + (<usize>QUERIES << 2), drawn = sums + (<usize>QUERIES << 2);
  const ry = <usize>E << 2, factor: f32 = isScaledFirst(kind, scale) ? 1 : scale;
  for (let i0 = 0; i0 < T; i0 += QUERIES) {
    const queries = min<i32>(QUERIES, T - i0);
    const out = y + <usize>i0 * ry;
    for (let i = 0; i < queries; i++) {
      store<f32>(most + (<usize>i << 2), -Infinity);
      store<f32>(sums + (<usize>i << 2), 0);
    }
    for (let j0 = 0; j0 < S; j0 += KEYS) {
      if (causal && j0 >= i0 + queries) break;
      const keys = min<i32>(KEYS, S - j0);
      gemm(queries, keys, D, q + <usize>i0 * rq, rq, cq, k + <usize>j0 * rk, ck, rk, tile, ROW, 0, 0, scratch);
      for (let i = 0; i < queries; i++) {
        const row = tile + <usize>i * ROW, at = <usize>i << 2;
        const seen = visible(causal, i0 + i, j0, keys);
        mask(row, seen, keys, scale, kind, m + <usize>(i0 + i) * rm + <usize>j0 * cm, cm);
        const before = load<f32>(most + at);
        // A NaN is passed over here, and makes the sum NaN.
        const now = max<f32>(before, largest((keys + 3) & ~3, row) * factor);
        const shift: f32 = now == -Infinity ? 0 : now;
        let sum = scaledExponentials(keys, row, factor, shift, row);
        if (j0 > 0) {
          // What was gathered so far counts relative to the new maximum.
          const shrunk = first(vexp(f32x4.splat(before - shift)));
          sum += load<f32>(sums + at) * shrunk;
          if (shrunk != 1) multiply(E, out + <usize>i * ry, shrunk);
        }
        store<f32>(sums + at, sum);
        store<f32>(most + at, now);
        if (rate > 0) {
          words(keys, placeOf(head, T, S, i0 + i, j0), key, counter, drawn);
          drop(keys, row, drawn, row, rate, kept);
        }
      }
      gemm(queries, E, keys, tile, ROW, 4, v + <usize>j0 * rv, rv, cv, out, ry, i32(j0 > 0), 0, scratch);
    }
    for (let i = 0; i < queries; i++) multiply(E, out + <usize>i * ry, <f32>1 / load<f32>(sums + (<usize>i << 2)));
    log_f32(1, queries, sums, 0, 1, sums);
    add_f32(1, queries, most, 0, 1, sums, 0, 1, logs + (<usize>i0 << 2));
  }
}

/** P = e^(S·scale − log) becomes dS = P·(dP − δ)·scale, in place. */
function scoreGradient(p: usize, dp: usize, keys: i32, delta: f32, scale: f32): void {
  const d = f32x4.splat(delta), s = f32x4.splat(scale);
  for (let j: usize = 0, stop = <usize>keys << 2; j < stop; j += 16) {
    v128.store(p + j, f32x4.mul(f32x4.mul(v128.load(p + j), f32x4.sub(v128.load(dp + j), d)), s));
  }
}

/** Adds to dq, dk and dv, which hold zeros at first. */
function attendOneGradient(
  T: i32, S: i32, D: i32, E: i32, q: usize, rq: usize, cq: usize, k: usize, rk: usize, ck: usize, v: usize, rv: usize, cv: usize,
  logs: usize, rl: usize, dy: usize, rdy: usize, cdy: usize, delta: usize, rd: usize, m: usize, rm: usize, cm: usize,
  dq: usize, dk: usize, dv: usize, scale: f32, causal: i32, kind: i32,
  rate: f32, kept: f32, key: usize, counter: usize, head: i32, scratch: usize,
): void {
  const p = scratch + SCRATCH_BYTES, dp = p + TILE, dropped = dp + TILE, drawn = dropped + TILE + (<usize>QUERIES << 3);
  // The weights that values were multiplied by.
  const w = rate > 0 ? dropped : p;
  const widthQ = <usize>D << 2, widthV = <usize>E << 2, factor: f32 = isScaledFirst(kind, scale) ? 1 : scale;
  for (let j0 = 0; j0 < S; j0 += KEYS) {
    const keys = min<i32>(KEYS, S - j0);
    const kj = k + <usize>j0 * rk, vj = v + <usize>j0 * rv;
    for (let i0 = 0; i0 < T; i0 += QUERIES) {
      const queries = min<i32>(QUERIES, T - i0);
      if (causal && j0 >= i0 + queries) continue;
      const qi = q + <usize>i0 * rq, dyi = dy + <usize>i0 * rdy;
      gemm(queries, keys, D, qi, rq, cq, kj, ck, rk, p, ROW, 0, 0, scratch);
      for (let i = 0; i < queries; i++) {
        const row = p + <usize>i * ROW;
        mask(row, visible(causal, i0 + i, j0, keys), keys, scale, kind, m + <usize>(i0 + i) * rm + <usize>j0 * cm, cm);
        scaledExponentials(keys, row, factor, load<f32>(logs + <usize>(i0 + i) * rl), row);
      }
      gemm(queries, keys, E, dyi, rdy, cdy, vj, cv, rv, dp, ROW, 0, 0, scratch);
      if (rate > 0) {
        for (let i = 0; i < queries; i++) {
          const at = <usize>i * ROW;
          words(keys, placeOf(head, T, S, i0 + i, j0), key, counter, drawn);
          drop(keys, p + at, drawn, dropped + at, rate, kept);
          drop(keys, dp + at, drawn, dp + at, rate, kept);
        }
      }
      gemm(keys, E, queries, w, 4, ROW, dyi, rdy, cdy, dv + <usize>j0 * widthV, widthV, 1, 0, scratch);
      for (let i = 0; i < queries; i++) {
        scoreGradient(p + <usize>i * ROW, dp + <usize>i * ROW, keys, load<f32>(delta + <usize>(i0 + i) * rd), scale);
      }
      gemm(queries, D, keys, p, ROW, 4, kj, rk, ck, dq + <usize>i0 * widthQ, widthQ, 1, 0, scratch);
      gemm(keys, D, queries, p, 4, ROW, qi, rq, cq, dk + <usize>j0 * widthQ, widthQ, 1, 0, scratch);
    }
  }
}

/** Attention of so many heads, one after another, the first of them number `head`. Outputs lie without gaps. */
export function attention(
  heads: i32, T: i32, S: i32, D: i32, E: i32, q: usize, nq: usize, rq: usize, cq: usize, k: usize, nk: usize, rk: usize, ck: usize,
  v: usize, nv: usize, rv: usize, cv: usize, m: usize, nm: usize, rm: usize, cm: usize, y: usize, logs: usize, scale: f32, causal: i32,
  kind: i32, rate: f32, kept: f32, key: usize, counter: usize, head: i32, scratch: usize,
): void {
  for (; heads > 0; heads--, head++, q += nq, k += nk, v += nv, m += nm, y += <usize>(T * E) << 2, logs += <usize>T << 2) {
    attendOne(
      T, S, D, E, q, rq, cq, k, rk, ck, v, rv, cv, m, rm, cm, y, logs, scale, causal, kind, rate, kept, key, counter, head, scratch,
    );
  }
}

export function attentionGradient(
  heads: i32, T: i32, S: i32, D: i32, E: i32, q: usize, nq: usize, rq: usize, cq: usize, k: usize, nk: usize, rk: usize, ck: usize,
  v: usize, nv: usize, rv: usize, cv: usize, logs: usize, nl: usize, rl: usize, dy: usize, ny: usize, ry: usize, cy: usize,
  delta: usize, nd: usize, rd: usize, m: usize, nm: usize, rm: usize, cm: usize, dq: usize, dk: usize, dv: usize,
  scale: f32, causal: i32, kind: i32, rate: f32, kept: f32, key: usize, counter: usize, head: i32, scratch: usize,
): void {
  for (; heads > 0; heads--, head++) {
    attendOneGradient(
      T, S, D, E, q, rq, cq, k, rk, ck, v, rv, cv, logs, rl, dy, ry, cy, delta, rd, m, rm, cm, dq, dk, dv, scale, causal, kind,
      rate, kept, key, counter, head, scratch,
    );
    q += nq; k += nk; v += nv; logs += nl; dy += ny; delta += nd; m += nm;
    dq += <usize>(T * D) << 2; dk += <usize>(S * D) << 2; dv += <usize>(S * E) << 2;
  }
}
