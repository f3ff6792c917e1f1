// Normalisation of rows of n elements, forward and backward.
import { squares, total } from './rows';
import { across, first, mad, nmad } from './simd';

/**
 * y = (x − μ)·r·γ + β; gives Σ of the next row, added up as `total` does: what is read then comes from memory while this row, which is
 * in the cache, is computed.
 */
function scaled(n: i32, x: usize, gamma: usize, beta: usize, y: usize, mean: f32, r: f32, next: usize): f32 {
  const m = f32x4.splat(mean), s = f32x4.splat(r);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const stop = y + (<usize>(n & ~15) << 2), end = y + (<usize>n << 2);
  for (; y < stop; x += 64, gamma += 64, beta += 64, y += 64, next += 64) {
    const p = f32x4.mul(f32x4.sub(v128.load(x), m), s), q = f32x4.mul(f32x4.sub(v128.load(x, 16), m), s);
    a = f32x4.add(a, v128.load(next)); b = f32x4.add(b, v128.load(next, 16));
    v128.store(y, mad(p, v128.load(gamma), v128.load(beta)));
    v128.store(y, mad(q, v128.load(gamma, 16), v128.load(beta, 16)), 16);
    const t = f32x4.mul(f32x4.sub(v128.load(x, 32), m), s), u = f32x4.mul(f32x4.sub(v128.load(x, 48), m), s);
    c = f32x4.add(c, v128.load(next, 32)); d = f32x4.add(d, v128.load(next, 48));
    v128.store(y, mad(t, v128.load(gamma, 32), v128.load(beta, 32)), 32);
    v128.store(y, mad(u, v128.load(gamma, 48), v128.load(beta, 48)), 48);
  }
  let sum = across(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; y < end; x += 4, gamma += 4, beta += 4, y += 4, next += 4) {
    const p = f32x4.splat((load<f32>(x) - mean) * r);
    store<f32>(y, first(mad(p, v128.load_splat<f32>(gamma), v128.load_splat<f32>(beta))));
    sum += load<f32>(next);
  }
  return sum;
}

export function layerNormalization(rows: i32, n: i32, x: usize, gamma: usize, beta: usize, y: usize, epsilon: f32, centered: i32): void {
  const length = <f32>n, step = <usize>n << 2;
  let sum = total(n, x);
  for (; rows > 0; rows--, x += step, y += step) {
    const mean: f32 = centered ? sum / length : 0;
    const r = <f32>1 / sqrt<f32>(squares(n, x, mean) / length + epsilon);
    sum = scaled(n, x, gamma, beta, y, mean, r, rows > 1 ? x + step : x);
  }
}

/** dx of rows; dγ and dβ get what these rows give added. */
function gradientRows(
  rows: i32, n: i32, x: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize, epsilon: f32, centered: i32,
): void {
  const length = <f32>n, step = <usize>n << 2, whole = n & ~3;
  for (; rows > 0; rows--, x += step, dy += step, dx += step) {
    const mean: f32 = centered ? total(n, x) / length : 0;
    const r = <f32>1 / sqrt<f32>(squares(n, x, mean) / length + epsilon);
    // g = dy·γ goes to dx for now; its sums with 1 and with x̂ are those that the row's statistics carry.
    const m = f32x4.splat(mean), s = f32x4.splat(r);
    let sums = f32x4.splat(0), products = sums;
    let i: usize = 0;
    for (const stop = <usize>whole << 2; i < stop; i += 16) {
      const d = v128.load(dy + i), unit = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
      v128.store(dgamma + i, mad(d, unit, v128.load(dgamma + i)));
      v128.store(dbeta + i, f32x4.add(d, v128.load(dbeta + i)));
      const g = f32x4.mul(d, v128.load(gamma + i));
      v128.store(dx + i, g);
      sums = f32x4.add(sums, g);
      products = mad(g, unit, products);
    }
    let sum = across(sums), product = across(products);
    for (; i < step; i += 4) {
      const d = load<f32>(dy + i), unit = (load<f32>(x + i) - mean) * r;
      store<f32>(dgamma + i, load<f32>(dgamma + i) + d * unit);
      store<f32>(dbeta + i, load<f32>(dbeta + i) + d);
      const g = d * load<f32>(gamma + i);
      store<f32>(dx + i, g);
      sum += g;
      product += g * unit;
    }
    sum = centered ? sum / length : 0;
    product /= length;
    const a = f32x4.splat(sum), p = f32x4.splat(product);
    i = 0;
    for (const stop = <usize>whole << 2; i < stop; i += 16) {
      const unit = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
      v128.store(dx + i, f32x4.mul(s, nmad(unit, p, f32x4.sub(v128.load(dx + i), a))));
    }
    for (; i < step; i += 4) store<f32>(dx + i, r * (load<f32>(dx + i) - sum - (load<f32>(x + i) - mean) * r * product));
  }
}

/** dx, and for each part of `per` rows what they give to dγ and to dβ, n numbers each. */
export function layerNormalizationGradient(
  first: i32, parts: i32, per: i32, rows: i32, n: i32, x: usize, gamma: usize, dy: usize, dx: usize, sums: usize, epsilon: f32, centered: i32,
): void {
  const step = <usize>n << 2;
  for (let part = first; part < first + parts; part++) {
    const dgamma = sums + <usize>part * 2 * step;
    memory.fill(dgamma, 0, 2 * step);
    const from = part * per, at = <usize>from * step;
    gradientRows(min<i32>(per, rows - from), n, x + at, gamma, dy + at, dx + at, dgamma, dgamma + step, epsilon, centered);
  }
}

/** y = Σ of `parts` rows of n numbers, `apart` numbers from each other, in their order. */
export function addParts(parts: i32, n: i32, x: usize, apart: i32, y: usize): void {
  const step = <usize>apart << 2;
  let i: usize = 0;
  for (const stop = <usize>(n & ~3) << 2; i < stop; i += 16) {
    let sum = v128.load(x + i), p = x + i;
    for (let part = 1; part < parts; part++) { p += step; sum = f32x4.add(sum, v128.load(p)); }
    v128.store(y + i, sum);
  }
  for (const stop = <usize>n << 2; i < stop; i += 4) {
    let sum = load<f32>(x + i), p = x + i;
    for (let part = 1; part < parts; part++) { p += step; sum += load<f32>(p); }
    store<f32>(y + i, sum);
  }
}
