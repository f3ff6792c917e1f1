import { word } from './program.ts';
import type { TiledProduct } from './tiles.ts';

/** Along which axis four neighbours can be read at once: rows (m or n), the summed one (k), or none. */
export type Vector = 'outer' | 'inner' | 'none';

const four = [0, 1, 2, 3];
const vector = (element: (i: number) => string): string => `vec4<f32>(${four.map(element).join(', ')})`;
const lines = (line: (i: number) => string): string => four.map(line).join('\n      ');

/** Four rows by four terms of a, each row a vector. */
const loadA: { readonly [V in Vector]: string } = {
  inner: lines(
    (i) => `let a${i} = select(vec4<f32>(), vec4<f32>(A[(baseA + min(m + ${i}u, rows - 1u) * ${word(6)} + k) >> 2u]), k < last);`,
  ),
  outer: `${lines((j) => `let r${j} = select(vec4<f32>(), vec4<f32>(A[(baseA + (k + ${j}u) * ${word(7)} + m) >> 2u]), k + ${j}u < last);`)}
      ${lines((i) => `let a${i} = ${vector((j) => `r${j}[${i}]`)};`)}`,
  none: lines(
    (i) =>
      `let a${i} = ${vector((j) => `select(0.0, f32(A[baseA + min(m + ${i}u, rows - 1u) * ${word(6)} + (k + ${j}u) * ${word(7)}]), k + ${j}u < last)`)};`,
  ),
};

/** Four terms by four columns of b, each term a vector. */
const loadB: { readonly [V in Vector]: string } = {
  outer: lines((j) => `let b${j} = select(vec4<f32>(), vec4<f32>(B[(baseB + (k + ${j}u) * ${word(8)} + n) >> 2u]), k + ${j}u < last);`),
  inner: `${lines((i) => `let r${i} = select(vec4<f32>(), vec4<f32>(B[(baseB + min(n + ${i}u, columns - 1u) * ${word(9)} + k) >> 2u]), k < last);`)}
      ${lines((j) => `let b${j} = ${vector((i) => `r${i}[${j}]`)};`)}`,
  none: lines(
    (j) =>
      `let b${j} = ${vector((i) => `select(0.0, f32(B[baseB + (k + ${j}u) * ${word(8)} + min(n + ${i}u, columns - 1u) * ${word(9)}]), k + ${j}u < last)`)};`,
  ),
};

/** y = a·b in tiles, with the parameters of `matmul`; `stored` makes an element of y of a float. */
export function tiledMatmul(a: Vector, b: Vector, stored: (value: string) => string): TiledProduct {
  return {
    starts: `  let rows = ${word(1)};
  let columns = ${word(2)};
  let terms = ${word(3)};
  let matrices = ${word(10)};
  let span = ${word(11)};
  let parts = ${word(12)};`,
    prepare: `let baseA = ${word(4)} + startA(matrix);
  let baseB = ${word(5)} + startB(matrix);
  let to = (part * matrices + matrix) * rows * columns;`,
    a: loadA[a],
    b: loadB[b],
    store: (value) => `Y[to + row * columns + column] = ${stored(`finish(${value}, column, to + row * columns + column)`)};`,
  };
}
