// Normalisation of rows of n elements, forward and backward.
import { squares, total } from './rows';
import { across, first, mad, nmad } from './simd';

/** y = (x − μ)·r·γ + β. */
function scaled(n: i32, x: usize, gamma: usize, beta: usize, y: usize, mean: f32, r: f32): void {
  const m = f32x4.splat(mean), s = f32x4.splat(r);
  const stop = y + (<usize>(n & ~7) << 2), end = y + (<usize>n << 2);
  for (; y < stop; x += 32, gamma += 32, beta += 32, y += 32) {
    const p = f32x4.mul(f32x4.sub(v128.load(x), m), s), q = f32x4.mul(f32x4.sub(v128.load(x, 16), m), s);
    v128.store(y, mad(p, v128.load(gamma), v128.load(beta)));
    v128.store(y, mad(q, v128.load(gamma, 16), v128.load(beta, 16)), 16);
  }
  for (; y < end; x += 4, gamma += 4, beta += 4, y += 4) {
    const p = f32x4.splat((load<f32>(x) - mean) * r);
    store<f32>(y, first(mad(p, v128.load_splat<f32>(gamma), v128.load_splat<f32>(beta))));
  }
}

export function layerNormalization(rows: i32, n: i32, x: usize, gamma: usize, beta: usize, y: usize, epsilon: f32, centered: i32): void {
  const length = <f32>n, step = <usize>n << 2;
  for (; rows > 0; rows--, x += step, y += step) {
    const mean: f32 = centered ? total(n, x) / length : 0;
    const r = <f32>1 / sqrt<f32>(squares(n, x, mean) / length + epsilon);
    scaled(n, x, gamma, beta, y, mean, r);
  }
}

/** dx of all rows; dγ and dβ, which hold zeros at first or what other rows gave, get those of these rows added. */
export function layerNormalizationGradient(
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
