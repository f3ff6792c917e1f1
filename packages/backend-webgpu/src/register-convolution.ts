import { declareGeometry, offsetA, offsetB, outputAt, parts, span } from './geometry.ts';

/** Which of its operands a kernel reads four at a time. */
export interface Vectors {
  readonly a: boolean;
  readonly b: boolean;
}

const four = [0, 1, 2, 3];
const lines = (f: (i: number) => string, indent = '    '): string => four.map(f).join(`\n${indent}`);

/** Where an output's window begins on the input, for the positions p to p + 3: `n` and `d`, `h`, `w`, which may be negative. */
const windows = (p: string): string =>
  lines(
    (i) => `let p${i} = min(${p} + ${i}u, positions - 1u);
  let n${i} = p${i} / (OD * OH * OW);
  let d${i} = p${i} / (OH * OW) % OD * SD - PD; let h${i} = p${i} / OW % OH * SH - PH; let w${i} = p${i} % OW * SW - PW;`,
    '  ',
  );

/** y[p, f] = Σ x[p·stride + k·dilation − before, c]·w[k, c, f], four positions and four filters at a time. */
export const registerForward = ({ a, b }: Vectors): string => `${declareGeometry}
  let positions = N * OD * OH * OW;
  let CG = C / G;
  let FG = F / G;
  let columns = (FG + 3u) >> 2u;
  if (t >= ((positions + 3u) >> 2u) * columns * G) { return; }
  let member = t % (columns * G) / columns;
  let f = t % columns * 4u;
  let p = t / (columns * G) * 4u;
  ${windows('p')}
  var c0 = vec4<f32>(0.0); var c1 = c0; var c2 = c0; var c3 = c0;
  for (var tap = 0u; tap < KD * KH * KW; tap++) {
    let kd = tap / (KH * KW) * ED; let kh = tap / KW % KH * EH; let kw = tap % KW * EW;
    ${lines(
      (i) => `let in${i} = d${i} + kd < D && h${i} + kh < H && w${i} + kw < W;
    let x${i} = select(0u, (((n${i} * D + d${i} + kd) * H + h${i} + kh) * W + w${i} + kw) * C + member * CG, in${i}) + ${offsetA};`,
    )}
    var at = ${offsetB} + tap * CG * F + member * FG + f;
    ${
      a
        ? `for (var c = 0u; c < CG; c = c + 4u) {
      ${lines((i) => `let a${i} = select(vec4<f32>(0.0), A[(x${i} + c) >> 2u], in${i});`, '      ')}
      ${lines((k) => `let b${k} = ${filters('at', b)}; at = at + F;`, '      ')}
      ${lines((i) => four.map((k) => `c${i} = fma(vec4<f32>(a${i}[${k}]), b${k}, c${i});`).join(' '), '      ')}
    }`
        : `for (var c = 0u; c < CG; c++) {
      let b = ${filters('at', b)}; at = at + F;
      ${lines((i) => `c${i} = fma(vec4<f32>(select(0.0, A[x${i} + c], in${i})), b, c${i});`, '      ')}
    }`
    }
  }
  ${lines((i) => `if (p + ${i}u < positions) { for (var j = 0u; j < min(4u, FG - f); j++) { let at = (p + ${i}u) * F + member * FG + f + j; Y[at] = finish(c${i}[j], member * FG + f + j, at); } }`, '  ')}`;

/** Four weights of neighbouring filters; those beyond the last repeat it. */
const filters = (at: string, vector: boolean): string =>
  vector ? `B[${at} >> 2u]` : `vec4<f32>(${four.map((j) => `B[${at} + min(${j}u, FG - 1u - f)]`).join(', ')})`;

/** The same one output at a time, for groups of few filters. */
export const loneForward: string = `${declareGeometry}
  let CG = C / G;
  let FG = F / G;
  if (t >= N * OD * OH * OW * F) { return; }
  let f = t % F;
  let p = t / F;
  let n = p / (OD * OH * OW);
  let d = p / (OH * OW) % OD * SD - PD; let h = p / OW % OH * SH - PH; let w0 = p % OW * SW - PW;
  var sum = 0.0;
  for (var tap = 0u; tap < KD * KH * KW; tap++) {
    let id = d + tap / (KH * KW) * ED; let ih = h + tap / KW % KH * EH; let iw = w0 + tap % KW * EW;
    if (id >= D || ih >= H || iw >= W) { continue; }
    let x = ${offsetA} + (((n * D + id) * H + ih) * W + iw) * C + f / FG * CG;
    let at = ${offsetB} + tap * CG * F + f;
    for (var c = 0u; c < CG; c++) { sum = sum + A[x + c] * B[at + c * F]; }
  }
  Y[t] = finish(sum, f, t);`;

/** dx[p, c] = Σ dy[(p + before − k·dilation) / stride, f]·w[k, c, f], four positions and four channels at a time. */
export const registerBackward = ({ a, b }: Vectors): string => `${declareGeometry}
  let positions = N * D * H * W;
  let CG = C / G;
  let FG = F / G;
  let columns = (CG + 3u) >> 2u;
  if (t >= ((positions + 3u) >> 2u) * columns * G) { return; }
  let member = t % (columns * G) / columns;
  let c = t % columns * 4u;
  let p = t / (columns * G) * 4u;
  ${lines(
    (i) => `let p${i} = min(p + ${i}u, positions - 1u);
  let n${i} = p${i} / (D * H * W); let d${i} = p${i} / (H * W) % D; let h${i} = p${i} / W % H; let w${i} = p${i} % W;`,
    '  ',
  )}
  var c0 = vec4<f32>(0.0); var c1 = c0; var c2 = c0; var c3 = c0;
  for (var tap = 0u; tap < KD * KH * KW; tap++) {
    let kd = tap / (KH * KW); let kh = tap / KW % KH; let kw = tap % KW;
    ${lines(
      (i) => `${outputAt(i, 'D', 'kd')} ${outputAt(i, 'H', 'kh')} ${outputAt(i, 'W', 'kw')}
    let in${i} = oD${i} < OD && oH${i} < OH && oW${i} < OW && oD${i} * SD == gD${i} && oH${i} * SH == gH${i} && oW${i} * SW == gW${i};
    let y${i} = select(0u, (((n${i} * OD + oD${i}) * OH + oH${i}) * OW + oW${i}) * F + member * FG, in${i}) + ${offsetA};`,
    )}
    if (!(in0 || in1 || in2 || in3)) { continue; }
    ${lines((j) => `let at${j} = ${offsetB} + (tap * CG + min(c + ${j}u, CG - 1u)) * F + member * FG;`)}
    ${
      a && b
        ? `for (var f = 0u; f < FG; f = f + 4u) {
      ${lines((j) => `let b${j} = B[(at${j} + f) >> 2u];`, '      ')}
      ${lines(
        (i) => `let a${i} = select(vec4<f32>(0.0), A[(y${i} + f) >> 2u], in${i});
      c${i} = c${i} + vec4<f32>(${four.map((j) => `dot(a${i}, b${j})`).join(', ')});`,
        '      ',
      )}
    }`
        : `for (var f = 0u; f < FG; f++) {
      let b = vec4<f32>(${four.map((j) => `B[at${j} + f]`).join(', ')});
      ${lines((i) => `c${i} = fma(vec4<f32>(select(0.0, A[y${i} + f], in${i})), b, c${i});`, '      ')}
    }`
    }
  }
  ${lines((i) => `if (p + ${i}u < positions) { for (var j = 0u; j < min(4u, CG - c); j++) { Y[(p + ${i}u) * C + member * CG + c + j] = c${i}[j]; } }`, '  ')}`;

/** dw[k, c, f] = Σ x[p·stride + k·dilation − before, c]·dy[p, f], four rows (k, c) and four filters at a time, over a span of positions. */
export const registerKernelGradient = ({ a, b }: Vectors): string => `${declareGeometry}
  let positions = N * OD * OH * OW;
  let CG = C / G;
  let FG = F / G;
  let columns = (FG + 3u) >> 2u;
  let all = KD * KH * KW * CG;
  let rows = (all + 3u) >> 2u;
  if (t >= rows * columns * G * ${parts}) { return; }
  let f = t % columns * 4u;
  let member = t / columns % G;
  let row = t / (columns * G) % rows * 4u;
  let part = t / (columns * G * rows);
  ${lines(
    (i) =>
      a && i
        ? ''
        : `let r${i} = min(row + ${i}u, all - 1u); let tap${i} = r${i} / CG; let x${i} = r${i} % CG + member * CG + ${offsetA};
  let kd${i} = tap${i} / (KH * KW) * ED - PD; let kh${i} = tap${i} / KW % KH * EH - PH; let kw${i} = tap${i} % KW * EW - PW;`,
    '  ',
  )}
  var c0 = vec4<f32>(0.0); var c1 = c0; var c2 = c0; var c3 = c0;
  let first = part * ${span};
  var ow = first % OW; var oh = first / OW % OH; var od = first / (OW * OH) % OD; var n = first / (OW * OH * OD);
  var at = ${offsetB} + first * F + member * FG + f;
  for (var p = first; p < min(first + ${span}, positions); p++) {
    let b = ${filters('at', b)};
    ${
      a
        ? `let d = od * SD + kd0; let h = oh * SH + kh0; let w0 = ow * SW + kw0;
    if (d < D && h < H && w0 < W) {
      let a = A[((((n * D + d) * H + h) * W + w0) * C + x0) >> 2u];
      ${lines((i) => `c${i} = fma(vec4<f32>(a[${i}]), b, c${i});`, '      ')}
    }`
        : lines(
            (i) => `{ let d = od * SD + kd${i}; let h = oh * SH + kh${i}; let w0 = ow * SW + kw${i};
      if (d < D && h < H && w0 < W) { c${i} = fma(vec4<f32>(A[(((n * D + d) * H + h) * W + w0) * C + x${i}]), b, c${i}); } }`,
          )
    }
    at = at + F;
    ow++;
    if (ow == OW) { ow = 0u; oh++; if (oh == OH) { oh = 0u; od++; if (od == OD) { od = 0u; n++; } } }
  }
  let to = part * all * F + row * F + member * FG + f;
  ${lines((i) => `if (row + ${i}u < all) { for (var j = 0u; j < min(4u, FG - f); j++) { Y[to + ${i}u * F + j] = c${i}[j]; } }`, '  ')}`;
