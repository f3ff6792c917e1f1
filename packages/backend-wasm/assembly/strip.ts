// Rows of any number by the tiles that suit the build: see gemm.template.mjs.
import {
  panel1x16, panel1x16T, panel2x16, panel2x16T, panel3x8, panel3x8T, panel4x8, panel4x8T, panel5x8, panel5x8T, panel6x8, panel6x8T,
} from './panel';

/** Columns of a packed panel of B. */
export const COLUMNS: i32 = ASC_FEATURE_RELAXED_SIMD ? 8 : 16;

/** The least rows that tiles so wide have. */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 3 : 1;

function few(rows: i32, kc: i32, a: usize, lda: usize, flip: i32, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: i32, from: usize, ldf: usize): void {
  if (rows == 5) {
    if (flip) panel5x8T(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
    else panel5x8(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  } else if (rows == 4) {
    if (flip) panel4x8T(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
    else panel4x8(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  } else {
    if (flip) panel3x8T(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
    else panel3x8(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  }
}

function byEight(m: i32, kc: i32, a: usize, lda: usize, flip: i32, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: i32, from: usize, ldf: usize): void {
  let sixes = m / 6, rest = m - 6 * sixes;
  // Three rows and fewer would wait for their sums: they share the last six, as 5 + 4, 4 + 4 or 4 + 3.
  if (sixes > 0 && rest > 0 && rest < 4) {
    sixes--;
    rest += 6;
  }
  if (flip) panel6x8T(sixes, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  else panel6x8(sixes, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  const nextA = flip ? <usize>4 : lda;
  a += <usize>(6 * sixes) * nextA;
  c += <usize>(6 * sixes) * ldc;
  from += <usize>(6 * sixes) * ldf;
  if (rest > 6) {
    const half = (rest + 1) >> 1;
    few(half, kc, a, lda, flip, b, ldb, c, ldc, accumulate, from, ldf);
    a += <usize>half * nextA;
    c += <usize>half * ldc;
    from += <usize>half * ldf;
    rest -= half;
  }
  if (rest > 0) few(rest, kc, a, lda, flip, b, ldb, c, ldc, accumulate, from, ldf);
}

function bySixteen(m: i32, kc: i32, a: usize, lda: usize, flip: i32, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: i32, from: usize, ldf: usize): void {
  const pairs = m >> 1;
  if (flip) panel2x16T(pairs, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  else panel2x16(pairs, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  if ((m & 1) == 0) return;
  a += <usize>(2 * pairs) * (flip ? 4 : lda);
  c += <usize>(2 * pairs) * ldc;
  from += <usize>(2 * pairs) * ldf;
  if (flip) panel1x16T(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
  else panel1x16(1, kc, a, lda, b, ldb, c, ldc, accumulate, from, ldf);
}

/**
 * C = A·B for m rows and 8 or 16 columns, whose rows of B lie ldb bytes apart. Where `accumulate` is 1, rows are added that lie ldf bytes
 * apart from `from` on: those of C, or where ldf is 0 a bias. `flip` says that it is A's columns that lie lda bytes apart and its rows
 * beside each other. Tiles of 8 columns are for 3 rows and more, of the relaxed build.
 */
export function strip(
  columns: i32, m: i32, kc: i32, a: usize, lda: usize, flip: i32, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: i32, from: usize, ldf: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && columns == 8) byEight(m, kc, a, lda, flip, b, ldb, c, ldc, accumulate, from, ldf);
  else bySixteen(m, kc, a, lda, flip, b, ldb, c, ldc, accumulate, from, ldf);
}
