// Sorted lanes, and the first of them. Lanes are `lanes` side by side in each of `blocks`, of n elements `s` apart.
// Kinds of elements: 0 float32, 1 int32, 2 bool.

// A number whose order as int32 is that of the floats, NaN of either sign last and −0 equal to 0.
function rank(v: f32): i32 {
  if (v != v) return i32.MAX_VALUE;
  if (v == 0) return 0;
  const bits = reinterpret<i32>(v);
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

/** What comes first has the smallest key. */
function keyAt(kind: i32, x: usize, flip: u32): u32 {
  const signed = kind == 0 ? rank(load<f32>(x)) : kind == 1 ? load<i32>(x) : <i32>load<u8>(x);
  return (<u32>signed ^ 0x80000000) ^ flip;
}

/** Keys in the upper half, places in the lower one: no two are alike, and the order of equal keys is that of their places. */
function entries(kind: i32, n: i32, x: usize, step: usize, flip: u32, to: usize): void {
  for (let i = 0; i < n; i++, x += step, to += 8) store<u64>(to, (<u64>keyAt(kind, x, flip) << 32) | <u64>i);
}

const FEW: i32 = 64;
const COUNTS: usize = 4 * 256 * 4;

/** Sorts entries by insertion where they are few, else digit by digit of their keys, from the least on. Gives where they are then. */
function sorted(n: i32, a: usize, b: usize, counts: usize): usize {
  if (n < FEW) {
    for (let i = 1; i < n; i++) {
      const entry = load<u64>(a + (<usize>i << 3));
      let j = i;
      for (; j > 0 && load<u64>(a + (<usize>(j - 1) << 3)) > entry; j--) store<u64>(a + (<usize>j << 3), load<u64>(a + (<usize>(j - 1) << 3)));
      store<u64>(a + (<usize>j << 3), entry);
    }
    return a;
  }
  memory.fill(counts, 0, COUNTS);
  const size = <usize>n << 3;
  for (let p = a; p < a + size; p += 8) {
    const key = load<u32>(p, 4);
    for (let digit: usize = 0; digit < 4; digit++) {
      const at = counts + (digit << 10) + (<usize>((key >> (<u32>digit << 3)) & 255) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  for (let digit: usize = 0; digit < 4; digit++) {
    const own = counts + (digit << 10), shift = <u32>digit << 3;
    // A digit that all have changes nothing.
    if (load<u32>(own + (<usize>((load<u32>(a, 4) >> shift) & 255) << 2)) == <u32>n) continue;
    let place: u32 = 0;
    for (let value: usize = 0; value < 1024; value += 4) {
      const count = load<u32>(own + value);
      store<u32>(own + value, place);
      place += count;
    }
    for (let p = a; p < a + size; p += 8) {
      const entry = load<u64>(p);
      const at = own + (<usize>((<u32>(entry >> 32) >> shift) & 255) << 2);
      const to = load<u32>(at);
      store<u32>(at, to + 1);
      store<u64>(b + (<usize>to << 3), entry);
    }
    const t = a; a = b; b = t;
  }
  return a;
}

/** The elements that entries stand for, and their places, along lanes with `step` bytes from value to value. */
function put(kind: i32, count: i32, from: usize, x: usize, step: usize, values: usize, order: usize, s: i32): void {
  for (let i = 0; i < count; i++, from += 8) {
    const place = load<u32>(from);
    const at = x + <usize>place * step, to = values + <usize>i * step;
    if (kind == 2) store<u8>(to, load<u8>(at));
    else store<u32>(to, load<u32>(at));
    store<u32>(order + (<usize>(i * s) << 2), place);
  }
}

/** Of each lane the first k in order; scratch: 16·n bytes and 4096. */
function firsts(blocks: i32, lanes: i32, n: i32, k: i32, s: i32, kind: i32, descending: i32, x: usize, values: usize, order: usize, scratch: usize): void {
  const shift: usize = kind == 2 ? 0 : 2, flip: u32 = descending ? 0xffffffff : 0;
  const step = <usize>s << shift;
  const a = scratch + COUNTS, b = a + (<usize>n << 3);
  for (let block = 0; block < blocks; block++) {
    for (let lane = 0; lane < lanes; lane++) {
      const from = x + (<usize>(block * n * s + lane) << shift);
      const at = block * k * s + lane;
      // A heap beats sorting all where few are wanted.
      let found = a;
      if (k < n >> 3) least(kind, n, k, from, step, flip, a);
      else {
        entries(kind, n, from, step, flip, a);
        found = sorted(n, a, b, scratch);
      }
      put(kind, k, found, from, step, values + (<usize>at << shift), order + (<usize>at << 2), s);
    }
  }
}

/** Lets the entry at `i` of a heap of so many, the largest first, sink to its place. */
function sink(heap: usize, count: i32, i: i32): void {
  const entry = load<u64>(heap + (<usize>i << 3));
  for (let child = 2 * i + 1; child < count; child = 2 * i + 1) {
    if (child + 1 < count && load<u64>(heap + (<usize>(child + 1) << 3)) > load<u64>(heap + (<usize>child << 3))) child++;
    const larger = load<u64>(heap + (<usize>child << 3));
    if (larger <= entry) break;
    store<u64>(heap + (<usize>i << 3), larger);
    i = child;
  }
  store<u64>(heap + (<usize>i << 3), entry);
}

/** From place i on the first of floats side by side that may come before `worst`, sixteen at a time; n where none does. NaN may. */
function passed(i: i32, n: i32, x: usize, flip: u32, worst: f32): i32 {
  const w = f32x4.splat(worst);
  for (; i + 16 <= n; i += 16) {
    const p = x + (<usize>i << 2);
    const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
    const behind = flip
      ? v128.and(v128.and(f32x4.le(a, w), f32x4.le(b, w)), v128.and(f32x4.le(c, w), f32x4.le(d, w)))
      : v128.and(v128.and(f32x4.ge(a, w), f32x4.ge(b, w)), v128.and(f32x4.ge(c, w), f32x4.ge(d, w)));
    if (!i32x4.all_true(behind)) break;
  }
  for (; i < n; i++) {
    const v = load<f32>(x + (<usize>i << 2));
    if (!(flip ? v <= worst : v >= worst)) break;
  }
  return i;
}

/** The k smallest entries in order: those so far are a heap, whose largest goes when a smaller one comes. */
function least(kind: i32, n: i32, k: i32, x: usize, step: usize, flip: u32, heap: usize): void {
  if (k == 0) return;
  entries(kind, k, x, step, flip, heap);
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(heap, k, i);
  let worst = load<u32>(heap, 4);
  for (let i = k; i < n; i++) {
    if (kind == 0 && step == 4) {
      i = passed(i, n, x, flip, load<f32>(x + (<usize>load<u32>(heap) << 2)));
      if (i == n) break;
    }
    const key = keyAt(kind, x + <usize>i * step, flip);
    // An equal one comes later, so it is larger.
    if (key >= worst) continue;
    store<u64>(heap, (<u64>key << 32) | <u64>i);
    sink(heap, k, 0);
    worst = load<u32>(heap, 4);
  }
  for (let count = k - 1; count > 0; count--) {
    const largest = load<u64>(heap);
    store<u64>(heap, load<u64>(heap + (<usize>count << 3)));
    store<u64>(heap + (<usize>count << 3), largest);
    sink(heap, count, 0);
  }
}

export function sort(blocks: i32, lanes: i32, n: i32, s: i32, kind: i32, descending: i32, x: usize, values: usize, order: usize, scratch: usize): void {
  firsts(blocks, lanes, n, n, s, kind, descending, x, values, order, scratch);
}

export function topK(blocks: i32, lanes: i32, n: i32, s: i32, kind: i32, descending: i32, x: usize, values: usize, order: usize, scratch: usize, k: i32): void {
  firsts(blocks, lanes, n, k, s, kind, descending, x, values, order, scratch);
}
