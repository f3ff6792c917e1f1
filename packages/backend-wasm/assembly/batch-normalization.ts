// Normalisation of columns of rows × n numbers over all rows. Sums over rows go in `parts` from `first` on, of `per` rows each, whose
// accumulators (n doubles, of gradients twice as many) lie one after another and are zero at first.
import { columnProducts, columnSquares } from './columns';

export function columnDeviations(first: i32, parts: i32, per: i32, rows: i32, n: i32, x: usize, mean: usize, acc: usize): void {
  for (let part = first; part < first + parts; part++) {
    const from = part * per;
    columnSquares(min<i32>(per, rows - from), n, x + (<usize>(from * n) << 2), mean, acc + (<usize>(part * n) << 3));
  }
}

/** y = the accumulators of all parts, added up and divided by `count`. */
export function columnMeans(parts: i32, n: i32, acc: usize, count: f64, y: usize): void {
  for (let j = 0; j < n; j++, acc += 8, y += 4) {
    let sum: f64 = 0;
    for (let part = 0; part < parts; part++) sum += load<f64>(acc + (<usize>(part * n) << 3));
    store<f32>(y, <f32>(sum / count));
  }
}

/** γ/√(σ² + ε) of each column. */
export function columnScales(n: i32, gamma: usize, variance: usize, epsilon: f32, y: usize): void {
  for (const stop = y + (<usize>n << 2); y < stop; gamma += 4, variance += 4, y += 4) store<f32>(y, load<f32>(gamma) / sqrt<f32>(load<f32>(variance) + epsilon));
}

export function batchGradientSums(first: i32, parts: i32, per: i32, rows: i32, n: i32, x: usize, mean: usize, dy: usize, acc: usize): void {
  for (let part = first; part < first + parts; part++) {
    const from = part * per, at = <usize>(from * n) << 2;
    const sums = acc + (<usize>(part * n) << 4);
    columnProducts(min<i32>(per, rows - from), n, x + at, mean, dy + at, sums, sums + (<usize>n << 3));
  }
}

/** From the sums of all parts dγ and dβ, and the rows a, b and c of which dx = a·dy − b·(x − μ) − c is made. */
export function batchGradientRows(
  parts: i32, n: i32, acc: usize, count: f64, gamma: usize, variance: usize, epsilon: f32, dgamma: usize, dbeta: usize, rows: usize,
): void {
  const step = <usize>n << 3, width = <usize>n << 2;
  for (let j = 0; j < n; j++) {
    let sum: f64 = 0, product: f64 = 0;
    for (let part = 0, p = acc + (<usize>j << 3); part < parts; part++, p += step << 1) {
      sum += load<f64>(p);
      product += load<f64>(p + step);
    }
    const at = <usize>j << 2;
    const r = 1 / sqrt<f64>(<f64>load<f32>(variance + at) + <f64>epsilon);
    const a = <f64>load<f32>(gamma + at) * r;
    store<f32>(dgamma + at, <f32>(product * r));
    store<f32>(dbeta + at, <f32>sum);
    store<f32>(rows + at, <f32>a);
    store<f32>(rows + width + at, <f32>(a * r * r * product / count));
    store<f32>(rows + 2 * width + at, <f32>(a * sum / count));
  }
}
