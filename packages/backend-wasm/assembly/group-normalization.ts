// Normalisation of each example, rows × n numbers, in `groups` of neighbouring columns.
import { affineRowGradients, affineRows, columnProducts, columnSquares, columnSums } from './columns';

/** For one example the mean μ of each column's group, and 1/√(σ² + ε). acc: n doubles. */
function statistics(rows: i32, n: i32, groups: i32, x: usize, epsilon: f32, acc: usize, mean: usize, r: usize): void {
  const width = n / groups, count = <f64>(rows * width);
  memory.fill(acc, 0, <usize>n << 3);
  columnSums(rows, n, n, x, acc);
  spread(n, width, acc, mean, count, false, 0);
  memory.fill(acc, 0, <usize>n << 3);
  columnSquares(rows, n, x, mean, acc);
  spread(n, width, acc, r, count, true, epsilon);
}

/** To each column its group's sum over `count`, or 1/√ of that and ε. */
function spread(n: i32, width: i32, acc: usize, y: usize, count: f64, root: bool, epsilon: f32): void {
  for (let j = 0; j < n; j += width) {
    let sum: f64 = 0;
    for (let i = 0; i < width; i++, acc += 8) sum += load<f64>(acc);
    sum /= count;
    const value = <f32>(root ? 1 / sqrt<f64>(sum + <f64>epsilon) : sum);
    for (let i = 0; i < width; i++, y += 4) store<f32>(y, value);
  }
}

/** Scratch: 16·n bytes. */
export function groupNormalization(
  examples: i32, rows: i32, n: i32, groups: i32, x: usize, gamma: usize, beta: usize, y: usize, epsilon: f32, scratch: usize,
): void {
  const mean = scratch + (<usize>n << 3), scale = mean + (<usize>n << 2), step = <usize>(rows * n) << 2;
  for (; examples > 0; examples--, x += step, y += step) {
    statistics(rows, n, groups, x, epsilon, scratch, mean, scale);
    for (let j: usize = 0; j < <usize>n << 2; j += 4) store<f32>(scale + j, load<f32>(scale + j) * load<f32>(gamma + j));
    affineRows(rows, n, x, mean, scale, beta, y);
  }
}

/** dx, and for each part of `per` examples sums for dγ and dβ, n doubles each. Scratch: 36·n bytes. */
export function groupNormalizationGradient(
  first: i32, parts: i32, per: i32, examples: i32, rows: i32, n: i32, groups: i32, x: usize, gamma: usize, dy: usize, dx: usize,
  sums: usize, epsilon: f32, scratch: usize,
): void {
  const wide = <usize>n << 3, one = <usize>n << 2, step = <usize>(rows * n) << 2;
  const total = scratch, product = total + wide, mean = product + wide, r = mean + one, a = r + one, b = a + one, c = b + one;
  const width = n / groups, count = <f64>(rows * width);
  for (let part = first; part < first + parts; part++) {
    const dgamma = sums + <usize>part * 2 * wide, dbeta = dgamma + wide;
    memory.fill(dgamma, 0, 2 * wide);
    const stop = min<i32>(examples, (part + 1) * per);
    for (let example = part * per; example < stop; example++) {
      const at = <usize>example * step;
      statistics(rows, n, groups, x + at, epsilon, total, mean, r);
      memory.fill(total, 0, 2 * wide);
      columnProducts(rows, n, x + at, mean, dy + at, total, product);
      for (let j = 0; j < n; j += width) {
        let along: f64 = 0, across: f64 = 0;
        const inverse = <f64>load<f32>(r + (<usize>j << 2));
        for (let i = j; i < j + width; i++) {
          const p = <usize>i << 3, g = <f64>load<f32>(gamma + (<usize>i << 2));
          const d = load<f64>(total + p), e = load<f64>(product + p);
          store<f64>(dbeta + p, load<f64>(dbeta + p) + d);
          store<f64>(dgamma + p, load<f64>(dgamma + p) + e * inverse);
          along += g * d;
          across += g * e;
        }
        for (let i = <usize>j << 2; i < <usize>(j + width) << 2; i += 4) {
          store<f32>(a + i, <f32>(inverse * <f64>load<f32>(gamma + i)));
          store<f32>(b + i, <f32>(inverse * inverse * inverse * across / count));
          store<f32>(c + i, <f32>(inverse * along / count));
        }
      }
      affineRowGradients(rows, n, x + at, mean, dy + at, a, b, c, dx + at);
    }
  }
}
