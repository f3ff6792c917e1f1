/**
 * Products of matrices whose tiles are staged in workgroup memory, for devices that have such: a workgroup of 64 computes a tile of y,
 * 16 terms of its sums at a time. All of it loads those terms of both operands, each element once, and then each invocation takes from
 * there what its rows and columns need.
 * On a driver that works on the processor tiles stay in registers instead, as its workgroup memory is no faster than any other.
 */

/** Where products keep the tiles that they work on. */
export type Tiles = 'workgroup' | 'registers';

/** How many rows and vectors of four columns an invocation computes. */
export interface Tile {
  readonly rows: 4 | 8;
  readonly vectors: 1 | 2;
}

/** A product to be computed in tiles, in WGSL. */
export interface TiledProduct {
  /** Declares how many `rows`, `columns`, `terms` of each sum and `matrices` there are, and the `span` of terms that one of `parts` adds up. */
  readonly starts: string;
  /** What does not depend on the terms, of `matrix`, the row `m` and the column `n`, from which on an invocation loads four each. */
  readonly prepare: string;
  /** Declares `a0` to `a3`: of rows from `m` on the four terms from `k` on. Zero where terms are not before `last`. */
  readonly a: string;
  /** Declares `b0` to `b3`: of the terms from `k` on four columns from `n` on. Zero where terms are not before `last`. */
  readonly b: string;
  /** Stores a value of the product; it is in `row` and `column`, both inside. */
  readonly store: (value: string) => string;
}

export const TILE_WORKGROUP = 64;
/** Invocations along rows and along columns. */
const SIDE = 8;
/** Terms at a time, in vectors of four, and where the next row begins: a little further, so that rows lie in different banks. */
const DEPTH = 4;
const PITCH = DEPTH + 1;
/** Fewer workgroups than this leave a device idle. */
const BUSY = 64;
/** The least that a part of a sum has to add up. */
const LEAST_SPAN = 256;

const tileRows = ({ rows }: Tile): number => SIDE * rows;
const tileColumns = ({ vectors }: Tile): number => SIDE * vectors * 4;

const large: Tile = { rows: 8, vectors: 2 };
const small: Tile = { rows: 4, vectors: 1 };

const tilesOf = (tile: Tile, M: number, N: number, matrices: number): number =>
  Math.ceil(M / tileRows(tile)) * Math.ceil(N / tileColumns(tile)) * matrices;

/** The tile of a product, in how many parts its sums are divided, and how many workgroups that makes; `undefined` where tiles are mostly empty. */
export function tilingOf(
  M: number,
  N: number,
  K: number,
  matrices: number,
): { readonly tile: Tile; readonly parts: number; readonly workgroups: number } | undefined {
  if (Math.min(M, N) < SIDE) return undefined;
  const tile = tilesOf(large, M, N, matrices) >= BUSY ? large : small;
  const tiles = tilesOf(tile, M, N, matrices);
  const parts = Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.ceil(K / LEAST_SPAN)));
  return { tile, parts, workgroups: tiles * parts };
}

export const tileMemory = (tile: Tile): string => `var<workgroup> tileA: array<vec4<f32>, ${tileRows(tile) * PITCH}>;
var<workgroup> tileB: array<vec4<f32>, ${DEPTH * tileColumns(tile)}>;`;

const four = [0, 1, 2, 3];
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The main function of a product in tiles. */
export function tiledMain(tile: Tile, { starts, prepare, a, b, store }: TiledProduct): string {
  const [rows, columns] = [tileRows(tile), tileColumns(tile)];
  const width = columns / 4;
  // A large tile has a block of 4 × 4 of each operand for all to load, a small one for half of them.
  const half = tile.rows === 4;
  const loadA = `let k = begin + (l & 3u) * 4u;
      ${a}
      ${four.map((i) => `tileA[((l >> 2u) * 4u + ${i}u) * ${PITCH}u + (l & 3u)] = a${i};`).join(' ')}`;
  const loadB = `let k = begin + at / ${width}u * 4u;
      ${b}
      ${four.map((i) => `tileB[(at / ${width}u * 4u + ${i}u) * ${width}u + at % ${width}u] = b${i};`).join(' ')}`;
  const load = half ? `if (l < 32u) { ${loadA} } else { ${loadB} }` : `{ ${loadA} }\n    { ${loadB} }`;
  const vectors = upTo(tile.vectors);
  const name = (row: number, vector: number): string => `c${row * tile.vectors + vector}`;
  const sums = upTo(tile.rows).flatMap((i) => vectors.map((v) => `var ${name(i, v)} = vec4<f32>();`));
  const steps = four.flatMap((j) => [
    ...vectors.map((v) => `let b${j}${v} = tileB[(q * 4u + ${j}u) * ${width}u + x + ${SIDE * v}u];`),
    ...upTo(tile.rows).flatMap((i) => vectors.map((v) => `${name(i, v)} = fma(vec4<f32>(a${i}[${j}]), b${j}${v}, ${name(i, v)});`)),
  ]);
  return `${starts}
  let across = (columns + ${columns - 1}u) / ${columns}u;
  let down = (rows + ${rows - 1}u) / ${rows}u;
  let each = across * down * matrices;
  if (g >= each * parts) { return; }
  let part = g / each;
  let matrix = g % each / (across * down);
  let firstRow = g % each / across % down * ${rows}u;
  let firstColumn = g % each % across * ${columns}u;
  let at = l${half ? ' & 31u' : ''};
  let m = firstRow + (at >> 2u) * 4u;
  let n = firstColumn + at % ${width}u * 4u;
  let x = l % ${SIDE}u;
  let y = l / ${SIDE}u;
  ${prepare}
  ${sums.join(' ')}
  let last = min((part + 1u) * span, terms);
  for (var begin = part * span; begin < last; begin = begin + ${DEPTH * 4}u) {
    ${load}
    workgroupBarrier();
    for (var q = 0u; q < ${DEPTH}u; q++) {
      ${upTo(tile.rows)
        .map((i) => `let a${i} = tileA[(y + ${SIDE * i}u) * ${PITCH}u + q];`)
        .join('\n      ')}
      ${steps.join('\n      ')}
    }
    workgroupBarrier();
  }
  var made = array<vec4<f32>, ${tile.rows * tile.vectors}>(${upTo(tile.rows * tile.vectors)
    .map((i) => `c${i}`)
    .join(', ')});
  for (var i = 0u; i < ${tile.rows * tile.vectors}u; i++) {
    let row = firstRow + y + i / ${tile.vectors}u * ${SIDE}u;
    let first = firstColumn + (x + i % ${tile.vectors}u * ${SIDE}u) * 4u;
    if (row >= rows || first >= columns) { continue; }
    for (var j = 0u; j < min(4u, columns - first); j++) { let column = first + j; ${store('made[i][j]')} }
  }`;
}
