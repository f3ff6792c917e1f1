// Softmax, its logarithm, their gradients, and cross-entropy. Lanes are `lanes` side by side in each of `blocks`, of n numbers `s` apart:
// rows where s is 1, else columns that go four at a time.
import { exponentials, exponentialSum } from './exponentials';
import { dot, largest, multiply, put, some, total } from './rows';
import { across, first, nmad } from './simd';
import { vexp, vlog } from './vector-functions';

// @ts-ignore: decorator
@inline
function logarithm(x: f32): f32 {
  return first(vlog(f32x4.splat(x)));
}

// A NaN is passed over by the maximum, and makes the sum NaN.
function softmaxRow(n: i32, x: usize, y: usize): void {
  multiply(n, y, <f32>1 / exponentials(n, x, largest(n, x), y));
}

function logSoftmaxRow(n: i32, x: usize, y: usize): void {
  const most = largest(n, x);
  const shift = logarithm(exponentialSum(n, x, most));
  const m = f32x4.splat(most), s = f32x4.splat(shift);
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~3) << 2);
  for (; x < stop; x += 16, y += 16) v128.store(y, f32x4.sub(f32x4.sub(v128.load(x), m), s));
  for (; x < end; x += 4, y += 4) store<f32>(y, load<f32>(x) - most - shift);
}

// @ts-ignore: decorator
@inline
function columns(n: i32, step: usize, x: usize, y: usize, log: i32, four: bool): void {
  let most = f32x4.splat(-Infinity), sum = f32x4.splat(0);
  for (let i = 0, p = x; i < n; i++, p += step) most = f32x4.pmax(most, some(p, four));
  for (let i = 0, p = x, q = y; i < n; i++, p += step, q += step) {
    const e = vexp(f32x4.sub(some(p, four), most));
    sum = f32x4.add(sum, e);
    if (!log) put(q, e, four);
  }
  const last = log ? vlog(sum) : f32x4.div(f32x4.splat(1), sum);
  for (let i = 0, p = x, q = y; i < n; i++, p += step, q += step) {
    put(q, log ? f32x4.sub(f32x4.sub(some(p, four), most), last) : f32x4.mul(some(q, four), last), four);
  }
}

function softmaxes(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize, log: i32): void {
  const step = <usize>s << 2, block = <usize>n * step;
  for (; blocks > 0; blocks--, x += block, y += block) {
    if (s == 1) {
      if (log) logSoftmaxRow(n, x, y);
      else softmaxRow(n, x, y);
      continue;
    }
    let lane = 0, p = x, q = y;
    for (; lane + 4 <= lanes; lane += 4, p += 16, q += 16) columns(n, step, p, q, log, true);
    for (; lane < lanes; lane++, p += 4, q += 4) columns(n, step, p, q, log, false);
  }
}

export function softmax(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize): void {
  softmaxes(blocks, lanes, n, s, x, y, 0);
}

export function logSoftmax(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize): void {
  softmaxes(blocks, lanes, n, s, x, y, 1);
}

/** dx = y·(dy − Σ dy·y) */
function softmaxRowGradient(n: i32, y: usize, dy: usize, dx: usize): void {
  const sum = dot(n, y, dy), s = f32x4.splat(sum);
  const end = y + (<usize>n << 2), stop = y + (<usize>(n & ~3) << 2);
  for (; y < stop; y += 16, dy += 16, dx += 16) v128.store(dx, f32x4.mul(v128.load(y), f32x4.sub(v128.load(dy), s)));
  for (; y < end; y += 4, dy += 4, dx += 4) store<f32>(dx, load<f32>(y) * (load<f32>(dy) - sum));
}

/** dx = dy − eʸ·Σ dy, with eʸ in dx first. */
function logSoftmaxRowGradient(n: i32, y: usize, dy: usize, dx: usize): void {
  exponentials(n, y, 0, dx);
  const s = f32x4.splat(total(n, dy));
  const end = dx + (<usize>n << 2), stop = dx + (<usize>(n & ~3) << 2);
  for (; dx < stop; dy += 16, dx += 16) v128.store(dx, nmad(v128.load(dx), s, v128.load(dy)));
  for (; dx < end; dy += 4, dx += 4) store<f32>(dx, first(nmad(v128.load_splat<f32>(dx), s, v128.load_splat<f32>(dy))));
}

// @ts-ignore: decorator
@inline
function columnGradients(n: i32, step: usize, y: usize, dy: usize, dx: usize, log: i32, four: bool): void {
  let sum = f32x4.splat(0);
  for (let i = 0, p = y, q = dy; i < n; i++, p += step, q += step) sum = f32x4.add(sum, log ? some(q, four) : f32x4.mul(some(p, four), some(q, four)));
  for (let i = 0, p = y, q = dy, r = dx; i < n; i++, p += step, q += step, r += step) {
    const v = some(p, four), d = some(q, four);
    put(r, log ? nmad(vexp(v), sum, d) : f32x4.mul(v, f32x4.sub(d, sum)), four);
  }
}

function gradients(blocks: i32, lanes: i32, n: i32, s: i32, y: usize, dy: usize, dx: usize, log: i32): void {
  const step = <usize>s << 2, block = <usize>n * step;
  for (; blocks > 0; blocks--, y += block, dy += block, dx += block) {
    if (s == 1) {
      if (log) logSoftmaxRowGradient(n, y, dy, dx);
      else softmaxRowGradient(n, y, dy, dx);
      continue;
    }
    let lane = 0, p = y, q = dy, r = dx;
    for (; lane + 4 <= lanes; lane += 4, p += 16, q += 16, r += 16) columnGradients(n, step, p, q, r, log, true);
    for (; lane < lanes; lane++, p += 4, q += 4, r += 4) columnGradients(n, step, p, q, r, log, false);
  }
}

export function softmaxGradient(blocks: i32, lanes: i32, n: i32, s: i32, y: usize, dy: usize, dx: usize): void {
  gradients(blocks, lanes, n, s, y, dy, dx, 0);
}

export function logSoftmaxGradient(blocks: i32, lanes: i32, n: i32, s: i32, y: usize, dy: usize, dx: usize): void {
  gradients(blocks, lanes, n, s, y, dy, dx, 1);
}

// What a class adds to the loss, which is nothing where its target is 0, however impossible it is.
// @ts-ignore: decorator
@inline
function weighed(z: v128, t: v128, most: v128, log: v128): v128 {
  return v128.andnot(f32x4.mul(t, f32x4.sub(f32x4.sub(z, most), log)), f32x4.eq(t, f32x4.splat(0)));
}

/** losses = −Σ t·ln softmax(z) of each row. */
export function softmaxCrossEntropy(rows: i32, n: i32, z: usize, t: usize, losses: usize): void {
  for (; rows > 0; rows--, losses += 4) {
    const most = largest(n, z);
    const m = f32x4.splat(most), log = vlog(f32x4.splat(exponentialSum(n, z, most)));
    let sums = f32x4.splat(0);
    const end = z + (<usize>n << 2), stop = z + (<usize>(n & ~3) << 2);
    for (; z < stop; z += 16, t += 16) sums = f32x4.add(sums, weighed(v128.load(z), v128.load(t), m, log));
    let sum = across(sums);
    for (; z < end; z += 4, t += 4) sum += first(weighed(v128.load_splat<f32>(z), v128.load_splat<f32>(t), m, log));
    store<f32>(losses, -sum);
  }
}

/** dz = (softmax(z)·Σt − t)·dy of each row, whose dy lie `step` bytes apart. */
export function softmaxCrossEntropyGradient(rows: i32, n: i32, z: usize, t: usize, dy: usize, step: usize, dz: usize): void {
  for (; rows > 0; rows--, z += <usize>n << 2, dy += step) {
    const sum = exponentials(n, z, largest(n, z), dz);
    const p = f32x4.splat(total(n, t) / sum), d = v128.load_splat<f32>(dy);
    const end = dz + (<usize>n << 2), stop = dz + (<usize>(n & ~3) << 2);
    for (; dz < stop; dz += 16, t += 16) v128.store(dz, f32x4.mul(f32x4.sub(f32x4.mul(v128.load(dz), p), v128.load(t)), d));
    for (; dz < end; dz += 4, t += 4) store<f32>(dz, first(f32x4.mul(f32x4.sub(f32x4.mul(v128.load_splat<f32>(dz), p), v128.load_splat<f32>(t)), d)));
  }
}
