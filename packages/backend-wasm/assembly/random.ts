// Random words by counting, and what is drawn from them. Key and counter are two int32 each in memory.
import { first as firstLane } from './simd';
import { vcos, vlog, vsin } from './vector-functions';

// @ts-ignore: decorator
@lazy
const PHILOX: usize = memory.data<u32>([
  // The multipliers and what the key grows by at each round, four times each.
  0xd2511f53, 0xd2511f53, 0xd2511f53, 0xd2511f53, 0xcd9e8d57, 0xcd9e8d57, 0xcd9e8d57, 0xcd9e8d57,
  0x9e3779b9, 0x9e3779b9, 0x9e3779b9, 0x9e3779b9, 0xbb67ae85, 0xbb67ae85, 0xbb67ae85, 0xbb67ae85,
  // 64: 0, 1, 2, 3
  0, 1, 2, 3,
], 16);

/** The sixteen words of Philox 4×32-10 that four blocks from `block` on give: four counters side by side, alike in their upper half. */
function fourBlocks(block: u64, key: usize, counter: usize, y: usize): void {
  const m0 = v128.load(PHILOX), m1 = v128.load(PHILOX, 16), w0 = v128.load(PHILOX, 32), w1 = v128.load(PHILOX, 48);
  let c0 = i32x4.add(i32x4.splat(<i32>block), v128.load(PHILOX, 64)), c1 = i32x4.splat(<i32>(block >> 32));
  let c2 = v128.load_splat<u32>(counter), c3 = v128.load_splat<u32>(counter, 4);
  let k0 = v128.load_splat<u32>(key), k1 = v128.load_splat<u32>(key, 4);
  for (let round = 0; round < 10; round++) {
    const p = i64x2.extmul_low_i32x4_u(c0, m0), pp = i64x2.extmul_high_i32x4_u(c0, m0);
    const q = i64x2.extmul_low_i32x4_u(c2, m1), qq = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(v128.shuffle<u32>(q, qq, 1, 3, 5, 7), c1), k0);
    c2 = v128.xor(v128.xor(v128.shuffle<u32>(p, pp, 1, 3, 5, 7), c3), k1);
    c1 = v128.shuffle<u32>(q, qq, 0, 2, 4, 6);
    c3 = v128.shuffle<u32>(p, pp, 0, 2, 4, 6);
    k0 = i32x4.add(k0, w0);
    k1 = i32x4.add(k1, w1);
  }
  // Four words of each counter, one counter after another.
  const a = v128.shuffle<u32>(c0, c1, 0, 4, 1, 5), b = v128.shuffle<u32>(c2, c3, 0, 4, 1, 5);
  const c = v128.shuffle<u32>(c0, c1, 2, 6, 3, 7), d = v128.shuffle<u32>(c2, c3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<u64>(a, b, 0, 2));
  v128.store(y, v128.shuffle<u64>(a, b, 1, 3), 16);
  v128.store(y, v128.shuffle<u64>(c, d, 0, 2), 32);
  v128.store(y, v128.shuffle<u64>(c, d, 1, 3), 48);
}

/** Words `from` to `to` − 1 of one block. */
function partOfBlock(block: u64, key: usize, counter: usize, from: i32, to: i32, y: usize): void {
  let c0 = <u32>block, c1 = <u32>(block >> 32), c2 = load<u32>(counter), c3 = load<u32>(counter, 4);
  let k0 = load<u32>(key), k1 = load<u32>(key, 4);
  for (let round = 0; round < 10; round++) {
    const p = <u64>0xd2511f53 * <u64>c0, q = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(q >> 32) ^ c1 ^ k0;
    c2 = <u32>(p >> 32) ^ c3 ^ k1;
    c1 = <u32>q;
    c3 = <u32>p;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  for (; from < to; from++, y += 4) store<u32>(y, from == 0 ? c0 : from == 1 ? c1 : from == 2 ? c2 : c3);
}

/** Words first … first + n − 1 of a stream: word i is lane i mod 4 of block ⌊i/4⌋. */
export function words(n: i32, first: u64, key: usize, counter: usize, y: usize): void {
  const stop = first + <u64>n;
  for (let i = first; i < stop;) {
    if ((i & 3) == 0 && i + 16 <= stop && <u32>(i >> 2) <= 0xfffffffc) {
      fourBlocks(i >> 2, key, counter, y);
      i += 16;
      y += 64;
    } else {
      const end = min<u64>((i | 3) + 1, stop);
      partOfBlock(i >> 2, key, counter, <i32>(i & 3), <i32>((end - 1) & 3) + 1, y);
      y += <usize>(end - i) << 2;
      i = end;
    }
  }
}

export function randomBits(n: i32, first: i32, key: usize, counter: usize, y: usize): void {
  words(n, first, key, counter, y);
}

/** Numbers from [0, 1) of the upper 24 bits of words, which count as signed: half of them up. */
// @ts-ignore: decorator
@inline
function fraction(words: v128, unit: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_s(words, 8), i32x4.splat(1 << 23))), unit);
}

const UNIT: f32 = 5.9604644775390625e-8;

export function uniform(n: i32, first: i32, key: usize, counter: usize, y: usize): void {
  words(n, first, key, counter, y);
  const unit = f32x4.splat(UNIT);
  const stop = y + (<usize>(n & ~3) << 2), end = y + (<usize>n << 2);
  for (; y < stop; y += 16) v128.store(y, fraction(v128.load(y), unit));
  for (; y < end; y += 4) store<f32>(y, firstLane(fraction(v128.load_splat<u32>(y), unit)));
}

/** What is left of x where a number from [0, 1) is not below the rate. */
// @ts-ignore: decorator
@inline
function kept(x: v128, words: v128, unit: v128, rate: v128, scale: v128): v128 {
  return v128.andnot(f32x4.mul(x, scale), f32x4.lt(fraction(words, unit), rate));
}

/** y = x·scale, but 0 where a number made of a word is below the rate. */
// @ts-ignore: decorator
@inline
function dropWhere(n: i32, x: usize, drawn: usize, y: usize, unit: v128, rate: v128, scale: v128): void {
  const stop = y + (<usize>(n & ~3) << 2), end = y + (<usize>n << 2);
  for (; y < stop; x += 16, drawn += 16, y += 16) v128.store(y, kept(v128.load(x), v128.load(drawn), unit, rate, scale));
  for (; y < end; x += 4, drawn += 4, y += 4) store<f32>(y, firstLane(kept(v128.load_splat<f32>(x), v128.load_splat<u32>(drawn), unit, rate, scale)));
}

export function drop(n: i32, x: usize, drawn: usize, y: usize, rate: f32, scale: f32): void {
  dropWhere(n, x, drawn, y, f32x4.splat(UNIT), f32x4.splat(rate), f32x4.splat(scale));
}

/** y = x·scale, but 0 where element i's number is below the rate. */
export function dropout(n: i32, first: i32, key: usize, counter: usize, x: usize, y: usize, rate: f32, scale: f32): void {
  const unit = f32x4.splat(UNIT), r = f32x4.splat(rate), s = f32x4.splat(scale);
  // Words go where their results do, some at a time, so that they are near when they are read.
  for (; n > 0; n -= DRAWS, first += DRAWS) {
    const count = min<i32>(n, DRAWS);
    words(count, first, key, counter, y);
    dropWhere(count, x, y, y, unit, r, s);
    x += <usize>count << 2;
    y += <usize>count << 2;
  }
}

const DRAWS: i32 = 2048;

// @ts-ignore: decorator
@inline
function radius(words: v128): v128 {
  // From (0, 1], so that the logarithm is finite.
  const u = f32x4.mul(f32x4.add(fraction(words, f32x4.splat(1)), f32x4.splat(1)), f32x4.splat(UNIT));
  return f32x4.sqrt(f32x4.mul(vlog(u), f32x4.splat(-2)));
}

// @ts-ignore: decorator
@inline
function angle(words: v128): v128 {
  return fraction(words, f32x4.splat(<f32>(6.283185307179586 * 5.9604644775390625e-8)));
}

/**
 * Pairs first … first + n − 1 of Box and Muller: with words i and pairs + i, the cosine's number goes to place i, the sine's to
 * place pairs + i, where there is one among `size`. The words go to those places first.
 */
export function normal(n: i32, first: i32, pairs: i32, size: i32, key: usize, counter: usize, y: usize): void {
  const a = y + (<usize>first << 2), b = y + (<usize>(pairs + first) << 2);
  const both = min<i32>(n, size - pairs - first);
  words(n, first, key, counter, a);
  words(both, <u64>(pairs + first), key, counter, b);
  let i: usize = 0;
  for (const stop = <usize>(both & ~3) << 2; i < stop; i += 16) {
    const r = radius(v128.load(a + i)), t = angle(v128.load(b + i));
    v128.store(a + i, f32x4.mul(r, vcos(t)));
    v128.store(b + i, f32x4.mul(r, vsin(t)));
  }
  for (const stop = <usize>both << 2; i < stop; i += 4) {
    const r = radius(v128.load_splat<u32>(a + i)), t = angle(v128.load_splat<u32>(b + i));
    store<f32>(a + i, firstLane(f32x4.mul(r, vcos(t))));
    store<f32>(b + i, firstLane(f32x4.mul(r, vsin(t))));
  }
  if (both == n) return;
  // The last of an odd number: its angle's word has no place of its own.
  const r = radius(v128.load_splat<u32>(a + i));
  const last = pairs + first + both;
  partOfBlock(last >> 2, key, counter, last & 3, (last & 3) + 1, a + i);
  store<f32>(a + i, firstLane(f32x4.mul(r, vcos(angle(v128.load_splat<u32>(a + i))))));
}
