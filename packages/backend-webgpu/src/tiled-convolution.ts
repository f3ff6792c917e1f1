import { declareGeometry, offsetA, offsetB, outputAt, parts, span } from './geometry.ts';
import type { TiledProduct } from './tiles.ts';

/*
 * Convolutions as products of matrices in tiles, one for each group: the first is gathered as tiles are loaded, four neighbouring
 * channels or filters at a time. Where these are no multiples of four, gathering costs more than it saves.
 */

const four = [0, 1, 2, 3];
const lines = (line: (i: number) => string): string => four.map(line).join('\n      ');
/** Four vectors as the other four of the same 16 numbers. */
const across = (given: string, made: string): string =>
  lines((i) => `let ${made}${i} = vec4<f32>(${four.map((j) => `${given}${j}[${i}]`).join(', ')});`);

/** Four numbers of A from a place on, zeros where `inside` does not hold. */
const gathered = (place: string, inside: string): string =>
  `select(vec4<f32>(), A[(${offsetA} + select(0u, ${place}, ${inside})) >> 2u], ${inside})`;

const starts = (rows: string, columns: string, terms: string): string => `${declareGeometry}
  let CG = C / G;
  let FG = F / G;
  let rows = ${rows};
  let columns = ${columns};
  let terms = ${terms};
  let matrices = G;
  let span = ${span};
  let parts = ${parts};`;

/** Four terms by four filters of B, of which F lie side by side for each term. */
const filters = lines(
  (j) => `let b${j} = select(vec4<f32>(), B[(${offsetB} + (k + ${j}u) * F + matrix * FG + n) >> 2u], k + ${j}u < last);`,
);

const storeFilters =
  (finish: (value: string) => string): TiledProduct['store'] =>
  (value) =>
    `let to = (part * rows + row) * F + matrix * FG + column; Y[to] = ${finish(value)};`;

/** y[p, f] = Σ x[p·stride + k·dilation − before, c]·w[k, c, f]: rows p, terms (k, c). */
export const tiledForward: TiledProduct = {
  starts: starts('N * OD * OH * OW', 'FG', 'KD * KH * KW * CG'),
  prepare: lines(
    (i) => `let p${i} = min(m + ${i}u, rows - 1u); let n${i} = p${i} / (OD * OH * OW);
      let d${i} = p${i} / (OH * OW) % OD * SD - PD; let h${i} = p${i} / OW % OH * SH - PH; let w${i} = p${i} % OW * SW - PW;`,
  ),
  a: `let tap = k / CG; let c = matrix * CG + k % CG;
      let kd = tap / (KH * KW) * ED; let kh = tap / KW % KH * EH; let kw = tap % KW * EW;
      ${lines(
        (i) => `let in${i} = k < last && d${i} + kd < D && h${i} + kh < H && w${i} + kw < W;
      let a${i} = ${gathered(`(((n${i} * D + d${i} + kd) * H + h${i} + kh) * W + w${i} + kw) * C + c`, `in${i}`)};`,
      )}`,
  b: filters,
  store: storeFilters((value) => `finish(${value}, matrix * FG + column, to)`),
};

/** dx[p, c] = Σ dy[(p + before − k·dilation) / stride, f]·w[k, c, f], where that is an output: rows p, terms (k, f). */
export const tiledBackward: TiledProduct = {
  starts: starts('N * D * H * W', 'CG', 'KD * KH * KW * FG'),
  prepare: lines(
    (i) => `let p${i} = min(m + ${i}u, rows - 1u);
      let n${i} = p${i} / (D * H * W); let d${i} = p${i} / (H * W) % D; let h${i} = p${i} / W % H; let w${i} = p${i} % W;`,
  ),
  a: `let tap = k / FG; let f = matrix * FG + k % FG;
      let kd = tap / (KH * KW); let kh = tap / KW % KH; let kw = tap % KW;
      ${lines(
        (i) => `${outputAt(i, 'D', 'kd')} ${outputAt(i, 'H', 'kh')} ${outputAt(i, 'W', 'kw')}
      let in${i} = k < last && ${['D', 'H', 'W'].map((axis) => `o${axis}${i} < O${axis} && o${axis}${i} * S${axis} == g${axis}${i}`).join(' && ')};
      let a${i} = ${gathered(`(((n${i} * OD + oD${i}) * OH + oH${i}) * OW + oW${i}) * F + f`, `in${i}`)};`,
      )}`,
  b: `let weights = ${offsetB} + k / FG * CG * F + matrix * FG + k % FG;
      ${lines((i) => `let r${i} = select(vec4<f32>(), B[(weights + min(n + ${i}u, CG - 1u) * F) >> 2u], k < last);`)}
      ${across('r', 'b')}`,
  store: (value) => `Y[(part * rows + row) * C + matrix * CG + column] = ${value};`,
};

/** dw[k, c, f] = Σ x[p·stride + k·dilation − before, c]·dy[p, f]: rows (k, c), terms p. */
export const tiledKernelGradient: TiledProduct = {
  starts: starts('KD * KH * KW * CG', 'FG', 'N * OD * OH * OW'),
  prepare: `let tap = m / CG; let c = matrix * CG + m % CG;
  let kd = tap / (KH * KW) * ED - PD; let kh = tap / KW % KH * EH - PH; let kw = tap % KW * EW - PW;`,
  a: `${lines(
    (
      j,
    ) => `let p${j} = k + ${j}u; let d${j} = p${j} / (OH * OW) % OD * SD + kd; let h${j} = p${j} / OW % OH * SH + kh; let w${j} = p${j} % OW * SW + kw;
      let in${j} = p${j} < last && d${j} < D && h${j} < H && w${j} < W;
      let r${j} = ${gathered(`(((p${j} / (OD * OH * OW) * D + d${j}) * H + h${j}) * W + w${j}) * C + c`, `in${j}`)};`,
  )}
      ${across('r', 'a')}`,
  b: filters,
  store: storeFilters((value) => value),
};
