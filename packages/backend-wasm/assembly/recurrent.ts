// Recurrent cells over whole sequences. Tensors are [N, T, width]; the recurrent kernel is packed once and used at every time.
import { gemm } from './gemm';
import { first, mad } from './simd';
import { vsigmoid, vtanh } from './vector-functions';

/** Four elements, or one: the loops below go by fours and finish one by one. `four` is a constant where these are inlined. */
// @ts-ignore: decorator
@inline
function get(p: usize, four: bool): v128 {
  return four ? v128.load(p) : v128.load_splat<f32>(p);
}
// @ts-ignore: decorator
@inline
function put(p: usize, v: v128, four: bool): void {
  if (four) v128.store(p, v);
  else store<f32>(p, first(v));
}
/** The same of a tensor that may be one element repeated (step 0). */
// @ts-ignore: decorator
@inline
function getAny(x: usize, offset: usize, step: i32, four: bool): v128 {
  return step ? get(x + offset, four) : v128.load_splat<f32>(x);
}
/** 1 − y² and s·(1 − s) */
// @ts-ignore: decorator
@inline
function tanhSlope(y: v128): v128 { return f32x4.sub(f32x4.splat(1), f32x4.mul(y, y)); }
// @ts-ignore: decorator
@inline
function sigmoidSlope(s: v128): v128 { return f32x4.mul(s, f32x4.sub(f32x4.splat(1), s)); }

// @ts-ignore: decorator
@inline
function lstmCell(width: usize, gates: usize, previous: usize, c: usize, h: usize, at: usize, four: bool): void {
  const g = gates + at;
  const i = vsigmoid(get(g, four)), f = vsigmoid(get(g + width, four));
  const m = vtanh(get(g + 2 * width, four)), o = vsigmoid(get(g + 3 * width, four));
  put(g, i, four); put(g + width, f, four); put(g + 2 * width, m, four); put(g + 3 * width, o, four);
  const state = mad(f, get(previous + at, four), f32x4.mul(i, m));
  put(c + at, state, four);
  put(h + at, f32x4.mul(o, vtanh(state)), four);
}

export function lstm(
  N: i32, T: i32, units: i32, z: usize, w: usize, h0: usize, c0: usize, h: usize, c: usize, gates: usize, scratch: usize,
): void {
  const width = <usize>units << 2, all = width * 4;
  memory.copy(gates, z, all * <usize>(N * T));
  for (let t = 0; t < T; t++) {
    const at = <usize>t * width;
    gemm(N, 4 * units, units, t ? h + at - width : h0, t ? width * <usize>T : width, 4, w, all, 4, gates + <usize>t * all, all * <usize>T, 1, i32(t > 0), scratch);
    for (let n = 0; n < N; n++) {
      const row = <usize>n * <usize>T * width + at, own = gates + <usize>(n * T + t) * all;
      const previous = t ? c + row - width : c0 + <usize>n * width;
      let j = 0;
      for (; j + 4 <= units; j += 4) lstmCell(width, own, previous, c + row, h + row, <usize>j << 2, true);
      for (; j < units; j++) lstmCell(width, own, previous, c + row, h + row, <usize>j << 2, false);
    }
  }
}

// @ts-ignore: decorator
@inline
function lstmCellGradient(
  width: usize, c: usize, previous: usize, gates: usize, dh: usize, sdh: i32, dc: usize, sdc: i32, dgates: usize, sdg: i32, dz: usize,
  dh0: usize, dc0: usize, states: usize, row: usize, own: usize, at: usize, four: bool,
): void {
  const g = row + at;
  const i = get(gates + g, four), f = get(gates + g + width, four), m = get(gates + g + 2 * width, four), o = get(gates + g + 3 * width, four);
  const y = vtanh(get(c + states + at, four));
  const dy = f32x4.add(getAny(dh, states + at, sdh, four), get(dh0 + own + at, four));
  const d = mad(f32x4.mul(dy, o), tanhSlope(y), f32x4.add(getAny(dc, states + at, sdc, four), get(dc0 + own + at, four)));
  put(dz + g, f32x4.mul(mad(d, m, getAny(dgates, g, sdg, four)), sigmoidSlope(i)), four);
  put(dz + g + width, f32x4.mul(mad(d, get(previous + at, four), getAny(dgates, g + width, sdg, four)), sigmoidSlope(f)), four);
  put(dz + g + 2 * width, f32x4.mul(mad(d, i, getAny(dgates, g + 2 * width, sdg, four)), tanhSlope(m)), four);
  put(dz + g + 3 * width, f32x4.mul(mad(dy, y, getAny(dgates, g + 3 * width, sdg, four)), sigmoidSlope(o)), four);
  put(dc0 + own + at, f32x4.mul(d, f), four);
}

/** dh₀ and dc₀ carry the gradients of the states back through time. */
export function lstmGradient(
  N: i32, T: i32, units: i32, w: usize, c0: usize, c: usize, gates: usize, dh: usize, sdh: i32, dc: usize, sdc: i32,
  dgates: usize, sdg: i32, dz: usize, dh0: usize, dc0: usize, scratch: usize,
): void {
  const width = <usize>units << 2, all = width * 4;
  memory.fill(dh0, 0, width * <usize>N);
  memory.fill(dc0, 0, width * <usize>N);
  for (let t = T - 1; t >= 0; t--) {
    for (let n = 0; n < N; n++) {
      const row = <usize>(n * T + t), states = row * width;
      const previous = t ? c + states - width : c0 + <usize>n * width;
      let j = 0;
      for (; j + 4 <= units; j += 4) lstmCellGradient(width, c, previous, gates, dh, sdh, dc, sdc, dgates, sdg, dz, dh0, dc0, states, row * all, <usize>n * width, <usize>j << 2, true);
      for (; j < units; j++) lstmCellGradient(width, c, previous, gates, dh, sdh, dc, sdc, dgates, sdg, dz, dh0, dc0, states, row * all, <usize>n * width, <usize>j << 2, false);
    }
    gemm(N, units, 4 * units, dz + <usize>t * all, all * <usize>T, 4, w, 4, all, dh0, width, 0, i32(t < T - 1), scratch);
  }
}

// @ts-ignore: decorator
@inline
function gruCell(
  width: usize, z: usize, a: usize, bias: usize, previous: usize, gates: usize, candidates: usize, h: usize, states: usize, row: usize,
  at: usize, four: bool,
): void {
  const g = row + at, p = a + at, b = bias + at;
  const u = vsigmoid(f32x4.add(get(z + g, four), f32x4.add(get(p, four), get(b, four))));
  const r = vsigmoid(f32x4.add(get(z + g + width, four), f32x4.add(get(p + width, four), get(b + width, four))));
  const candidate = f32x4.add(get(p + 2 * width, four), get(b + 2 * width, four));
  const m = vtanh(mad(r, candidate, get(z + g + 2 * width, four)));
  put(gates + g, u, four); put(gates + g + width, r, four); put(gates + g + 2 * width, m, four);
  put(candidates + states + at, candidate, four);
  put(h + states + at, mad(u, get(previous + at, four), f32x4.mul(f32x4.sub(f32x4.splat(1), u), m)), four);
}

export function gru(
  N: i32, T: i32, units: i32, z: usize, w: usize, bias: usize, h0: usize, h: usize, gates: usize, candidates: usize, a: usize, scratch: usize,
): void {
  const width = <usize>units << 2, all = width * 3;
  for (let t = 0; t < T; t++) {
    const time = <usize>t * width;
    gemm(N, 3 * units, units, t ? h + time - width : h0, t ? width * <usize>T : width, 4, w, all, 4, a, all, 0, i32(t > 0), scratch);
    for (let n = 0; n < N; n++) {
      const row = <usize>(n * T + t), states = row * width;
      const previous = t ? h + states - width : h0 + <usize>n * width;
      let j = 0;
      for (; j + 4 <= units; j += 4) gruCell(width, z, a + <usize>n * all, bias, previous, gates, candidates, h, states, row * all, <usize>j << 2, true);
      for (; j < units; j++) gruCell(width, z, a + <usize>n * all, bias, previous, gates, candidates, h, states, row * all, <usize>j << 2, false);
    }
  }
}

// @ts-ignore: decorator
@inline
function gruCellGradient(
  width: usize, previous: usize, gates: usize, candidates: usize, dh: usize, sdh: i32, dgates: usize, sdg: i32, dcandidates: usize, sdc: i32,
  dz: usize, da: usize, dh0: usize, states: usize, row: usize, at: usize, four: bool,
): void {
  const g = row + at, own = dh0 + at;
  const u = get(gates + g, four), r = get(gates + g + width, four), m = get(gates + g + 2 * width, four);
  const d = f32x4.add(getAny(dh, states + at, sdh, four), get(own, four));
  const inner = f32x4.mul(mad(d, f32x4.sub(f32x4.splat(1), u), getAny(dgates, g + 2 * width, sdg, four)), tanhSlope(m));
  const update = f32x4.mul(mad(d, f32x4.sub(get(previous + at, four), m), getAny(dgates, g, sdg, four)), sigmoidSlope(u));
  const reset = f32x4.mul(mad(inner, get(candidates + states + at, four), getAny(dgates, g + width, sdg, four)), sigmoidSlope(r));
  put(dz + g, update, four); put(dz + g + width, reset, four); put(dz + g + 2 * width, inner, four);
  put(da + g, update, four); put(da + g + width, reset, four);
  put(da + g + 2 * width, mad(inner, r, getAny(dcandidates, states + at, sdc, four)), four);
  put(own, f32x4.mul(d, u), four);
}

/** dh₀ carries the gradient of the state back through time. */
export function gruGradient(
  N: i32, T: i32, units: i32, w: usize, h0: usize, h: usize, gates: usize, candidates: usize, dh: usize, sdh: i32, dgates: usize, sdg: i32,
  dcandidates: usize, sdc: i32, dz: usize, da: usize, dh0: usize, scratch: usize,
): void {
  const width = <usize>units << 2, all = width * 3;
  memory.fill(dh0, 0, width * <usize>N);
  for (let t = T - 1; t >= 0; t--) {
    for (let n = 0; n < N; n++) {
      const row = <usize>(n * T + t), states = row * width;
      const previous = t ? h + states - width : h0 + <usize>n * width;
      let j = 0;
      for (; j + 4 <= units; j += 4) gruCellGradient(width, previous, gates, candidates, dh, sdh, dgates, sdg, dcandidates, sdc, dz, da, dh0 + <usize>n * width, states, row * all, <usize>j << 2, true);
      for (; j < units; j++) gruCellGradient(width, previous, gates, candidates, dh, sdh, dgates, sdg, dcandidates, sdc, dz, da, dh0 + <usize>n * width, states, row * all, <usize>j << 2, false);
    }
    gemm(N, units, 3 * units, da + <usize>t * all, all * <usize>T, 4, w, 4, all, dh0, width, 1, i32(t < T - 1), scratch);
  }
}
