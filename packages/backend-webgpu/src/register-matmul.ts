import { word } from './program.ts';
import type { Vector } from './tiled-matmul.ts';

/** Reads a 4 × 4 tile of an operand as four vectors named `name0` to `name3`: `outer` runs along them if `across`. */
function loadTile(name: string, vector: Vector, across: boolean): string {
  const binding = name.toUpperCase();
  const outerStride = name === 'a' ? word(6) : word(9);
  const innerStride = name === 'a' ? word(7) : word(8);
  const limit = name === 'a' ? 'M' : 'N';
  const at = name === 'a' ? 'm' : 'n';
  const base = `base${binding}`;
  const lines: string[] = [];
  for (let j = 0; j < 4; j++) {
    // Rows beyond the end are read as the last one and never written.
    const outer = `min(${at} + ${j}u, ${limit} - 1u)`;
    if (vector === 'inner') lines.push(`let ${name}${j} = vec4<f32>(${binding}[(${base} + ${outer} * ${outerStride} + k) >> 2u]);`);
    else if (vector === 'outer')
      lines.push(`let ${name}${j} = vec4<f32>(${binding}[(${base} + (k + ${j}u) * ${innerStride} + ${at}) >> 2u]);`);
    else if (across) {
      const place = (i: number): string =>
        `f32(${binding}[${base} + (k + ${j}u) * ${innerStride} + min(${at} + ${i}u, ${limit} - 1u) * ${outerStride}])`;
      lines.push(`let ${name}${j} = vec4<f32>(${[0, 1, 2, 3].map(place).join(', ')});`);
    } else {
      const place = (i: number): string => `f32(${binding}[${base} + ${outer} * ${outerStride} + (k + ${i}u) * ${innerStride}])`;
      lines.push(`let ${name}${j} = vec4<f32>(${[0, 1, 2, 3].map(place).join(', ')});`);
    }
  }
  return lines.join('\n    ');
}

/** c[i] += Σ a·b over four places k, by how the tiles lie. Rows of the product are vectors along n. */
function multiply(a: Vector, b: Vector): string {
  const lines: string[] = [];
  for (let i = 0; i < 4; i++) {
    const x = (k: number): string => (a === 'outer' ? `a${k}[${i}]` : `a${i}[${k}]`);
    if (b === 'inner') {
      const row = a === 'outer' ? `vec4<f32>(${[0, 1, 2, 3].map((k) => x(k)).join(', ')})` : `a${i}`;
      lines.push(`c${i} = c${i} + vec4<f32>(${[0, 1, 2, 3].map((j) => `dot(${row}, b${j})`).join(', ')});`);
    } else {
      for (let k = 0; k < 4; k++) lines.push(`c${i} = fma(vec4<f32>(${x(k)}), b${k}, c${i});`);
    }
  }
  return lines.join('\n    ');
}

/** The sums left where K is no multiple of four, one k at a time. */
const tail = (a: Vector, b: Vector): string => {
  const at = (binding: string, vector: Vector, index: string): string =>
    `f32(${vector === 'none' ? `${binding}[${index}]` : `${binding}[(${index}) >> 2u][(${index}) & 3u]`})`;
  const x = (i: number): string => at('A', a, `baseA + min(m + ${i}u, M - 1u) * ${word(6)} + k * ${word(7)}`);
  const y = (j: number): string => at('B', b, `baseB + k * ${word(8)} + min(n + ${j}u, N - 1u) * ${word(9)}`);
  return `for (; k < last; k++) {
    let b = vec4<f32>(${[0, 1, 2, 3].map(y).join(', ')});
    ${[0, 1, 2, 3].map((i) => `c${i} = c${i} + ${x(i)} * b;`).join('\n    ')}
  }`;
};

const starts = `  let M = ${word(1)};
  let N = ${word(2)};
  let K = ${word(3)};`;

/** y = a·b, 4 × 4 elements by each invocation, which keeps them in registers; `stored` makes an element of y of a float. */
export const registerMatmul = (a: Vector, b: Vector, stored: (value: string) => string): string => `${starts}
  let columns = (N + 3u) >> 2u;
  let rows = (M + 3u) >> 2u;
  let each = columns * rows * ${word(10)};
  if (t >= each * ${word(12)}) { return; }
  let part = t / each;
  let tile = t % each;
  let n = tile % columns * 4u;
  let m = tile / columns % rows * 4u;
  let matrix = tile / columns / rows;
  let baseA = ${word(4)} + startA(matrix);
  let baseB = ${word(5)} + startB(matrix);
  var c0 = vec4<f32>(0.0); var c1 = c0; var c2 = c0; var c3 = c0;
  var k = part * ${word(11)};
  let last = min(k + ${word(11)}, K);
  let whole = last & ~3u;
  for (; k < whole; k = k + 4u) {
    ${loadTile('a', a, false)}
    ${loadTile('b', b, true)}
    ${multiply(a, b)}
  }
  ${tail(a, b)}
  let to = (part * ${word(10)} + matrix) * M * N + m * N + n;
  ${[0, 1, 2, 3].map((i) => `if (m + ${i}u < M) { for (var j = 0u; j < min(4u, N - n); j++) { Y[to + ${i}u * N + j] = ${stored(`finish(c${i}[j], n + j, to + ${i}u * N + j)`)}; } }`).join('\n  ')}`;

/** y = a·b of integers, one element by each invocation. */
export const integerMatmul: string = `${starts}
  if (t >= M * N * ${word(10)}) { return; }
  let n = t % N;
  let m = t / N % M;
  let matrix = t / N / M;
  let baseA = ${word(4)} + startA(matrix) + m * ${word(6)};
  let baseB = ${word(5)} + startB(matrix) + n * ${word(9)};
  var sum = 0;
  for (var k = 0u; k < K; k++) { sum = sum + A[baseA + k * ${word(7)}] * B[baseB + k * ${word(8)}]; }
  Y[t] = sum;`;
