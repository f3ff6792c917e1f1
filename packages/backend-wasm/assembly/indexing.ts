// Gather and scatter. Shapes are seen as [blocks, length, inner].
import { vmax, vmin } from './simd';

/** Rows shorter than this are copied here: calling for a copy takes as long. */
const SHORT: i32 = 512;

// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, bytes: i32): void {
  if (bytes >= SHORT) { memory.copy(to, from, <usize>bytes); return; }
  let q: usize = 0;
  for (const stop = <usize>(bytes & ~15); q < stop; q += 16) v128.store(to + q, v128.load(from + q));
  for (const stop = <usize>(bytes & ~3); q < stop; q += 4) store<u32>(to + q, load<u32>(from + q));
  for (; q < <usize>bytes; q++) store<u8>(to + q, load<u8>(from + q));
}

/** y[b, i, :] = x[b, index[i], :], rows of `bytes`; out of range: `missing` as 32 bits, repeated. */
export function gather(blocks: i32, length: i32, count: i32, bytes: i32, x: usize, index: usize, y: usize, missing: u32): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++, y += <usize>bytes) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      if (u32(at) < u32(length)) {
        copyRow(y, x + <usize>(b * length + at) * <usize>bytes, bytes);
      } else if (missing) {
        for (let q = 0; q + 4 <= bytes; q += 4) store<u32>(y + <usize>q, missing);
        if (bytes & 2) store<u16>(y + <usize>(bytes - 2), <u16>missing);
      } else {
        memory.fill(y, 0, <usize>bytes);
      }
    }
  }
}

const SET: i32 = 0, ADD: i32 = 1, MAX: i32 = 2;

// @ts-ignore: decorator
@inline
function combined<T>(mode: i32, old: T, update: T): T {
  return mode == SET ? update : mode == ADD ? old + update : mode == MAX ? max<T>(old, update) : min<T>(old, update);
}

// @ts-ignore: decorator
@inline
function combinedFour(mode: i32, old: v128, update: v128): v128 {
  return mode == SET ? update : mode == ADD ? f32x4.add(old, update) : mode == MAX ? vmax(old, update) : vmin(old, update);
}

/** In order of the indices, y[b, index[i], :] and updates[b, i, :] combined, of `columns` of the `inner` elements of rows. */
// @ts-ignore: decorator
@inline
function scatter<T>(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, columns: i32, index: usize, updates: usize, y: usize): void {
  const bytes = <usize>columns << alignof<T>();
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner << alignof<T>();
      if (u32(at) >= u32(length)) continue;
      const to = y + (<usize>((b * length + at) * inner) << alignof<T>());
      let q: usize = 0;
      if (isFloat<T>()) {
        for (const stop = bytes & ~15; q < stop; q += 16) v128.store(to + q, combinedFour(mode, v128.load(to + q), v128.load(from + q)));
      }
      for (; q < bytes; q += sizeof<T>()) store<T>(to + q, combined<T>(mode, load<T>(to + q), load<T>(from + q)));
    }
  }
}

/** Modes: 0 set, 1 add, 2 max, 3 min. y already holds x. */
export function scatter_f32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, columns: i32, index: usize, updates: usize, y: usize): void {
  if (mode == ADD) scatter<f32>(ADD, blocks, length, count, inner, columns, index, updates, y);
  else scatter<f32>(mode, blocks, length, count, inner, columns, index, updates, y);
}
export function scatter_i32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, columns: i32, index: usize, updates: usize, y: usize): void {
  scatter<i32>(mode, blocks, length, count, inner, columns, index, updates, y);
}
/** Of bools, a sum is one of them, as the largest is. */
export function scatter_u8(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, columns: i32, index: usize, updates: usize, y: usize): void {
  scatter<u8>(mode == ADD ? MAX : mode, blocks, length, count, inner, columns, index, updates, y);
}
