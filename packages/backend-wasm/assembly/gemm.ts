// Blocked matrix product on the packed panel kernels. Strides are in bytes.
import { finish } from './epilogue';
import { packA, packB } from './pack';
import { COLUMNS, ROWS, strip } from './strip';
import { rowTimesMatrix } from './vector';

// A panel of B, KC × COLUMNS, stays in the nearest cache; the block of A that goes past it, MC × KC, and all of B's block in the second.
const KC: i32 = ASC_FEATURE_RELAXED_SIMD ? 512 : 256;
const MC: i32 = 96;
const NC: i32 = 512;

/** Columns that one or two rows go over at a time. */
const WIDE: i32 = 1024;

/** So few rows of A do not make up for laying out B, unless its rows lie far apart. */
const DIRECT: i32 = 96;
const NEAR: usize = 1024;

/** From here on it pays to lay out a transposed A. */
const FAR: usize = 1024;

// Scratch: a word that says how the block of B is laid out, the block, a block of A made contiguous, and the tiles of one edge.
const B_BYTES: usize = <usize>KC * NC * 4;
const A_BYTES: usize = <usize>KC * (MC + ROWS) * 4;
const EDGE_BYTES: usize = <usize>(MC + ROWS) * 16 * 4;
export const SCRATCH_BYTES: usize = 64 + B_BYTES + A_BYTES + EDGE_BYTES;

export function gemmScratchBytes(): i32 {
  return <i32>SCRATCH_BYTES;
}

/** The w first of `columns` columns of tiles, into C. */
function copyEdge(m: i32, w: i32, columns: i32, from: usize, c: usize, ldc: usize, accumulate: i32): void {
  for (; m > 0; m--, from += <usize>columns << 2, c += ldc) {
    let j = 0;
    for (; j + 4 <= w; j += 4) {
      const to = c + (<usize>j << 2);
      const v = v128.load(from + (<usize>j << 2));
      v128.store(to, accumulate ? f32x4.add(v128.load(to), v) : v);
    }
    for (; j < w; j++) {
      const to = c + (<usize>j << 2);
      const v = load<f32>(from + (<usize>j << 2));
      store<f32>(to, accumulate ? load<f32>(to) + v : v);
    }
  }
}

/** Blocks of k are of about one length. */
function blockOf(K: i32): i32 {
  const blocks = (K + KC - 1) / KC;
  return ((K + blocks - 1) / blocks + 3) & ~3;
}

/** One or two rows of A, and a B of four columns and more whose rows lie along memory. */
function fewRows(
  M: i32, N: i32, K: i32, A: usize, rowA: usize, columnA: usize, B: usize, rowB: usize, C: usize, ldc: usize,
  accumulate: i32, line: usize, bias: usize, residual: usize, activation: i32,
): void {
  const KB = blockOf(K);
  for (let jc = 0, nc = 0; jc < N; jc += nc) {
    nc = N - jc < WIDE + 4 ? N - jc : WIDE;
    const at = <usize>jc << 2;
    for (let i = 0; i < M; i++) {
      const c = C + <usize>i * ldc + at;
      for (let pc = 0; pc < K; pc += KB) {
        const kc = min<i32>(KB, K - pc);
        const a = A + <usize>i * rowA + <usize>pc * columnA, b = B + <usize>pc * rowB + at;
        rowTimesMatrix(nc & ~3, kc, a, columnA, b, rowB, line);
        // The last columns with those before them once more.
        const rest = <usize>(nc - 4) << 2;
        if (nc & 3) rowTimesMatrix(4, kc, a, columnA, b + rest, rowB, line + rest);
        copyEdge(1, nc, nc, line, c, ldc, accumulate | i32(pc > 0));
      }
      finish(1, nc, c, ldc, bias ? bias + at : 0, residual ? residual + (c - C) : 0, activation);
    }
  }
}

/**
 * C (+)= A·B; A and B of any strides, rows of C ldc bytes apart and their elements together. `packed` says that the last product
 * with this scratch had the same B, which need not be packed again.
 */
export function gemm(
  M: i32, N: i32, K: i32, A: usize, rowA: usize, columnA: usize, B: usize, rowB: usize, columnB: usize, C: usize, ldc: usize,
  accumulate: i32, packed: i32, scratch: usize,
): void {
  gemmEpilogue(M, N, K, A, rowA, columnA, B, rowB, columnB, C, ldc, accumulate, packed, scratch, 0, 0, 0);
}

/** The same, and then f(C + bias) + residual, tile by tile: see `finish`. */
export function gemmEpilogue(
  M: i32, N: i32, K: i32, A: usize, rowA: usize, columnA: usize, B: usize, rowB: usize, columnB: usize, C: usize, ldc: usize,
  accumulate: i32, packed: i32, scratch: usize, bias: usize, residual: usize, activation: i32,
): void {
  if (M < 3 && N > 3 && columnB == 4) {
    const line = scratch + 64;
    store<i32>(scratch, 0);
    fewRows(M, N, K, A, rowA, columnA, B, rowB, C, ldc, accumulate, line, bias, residual, activation);
    return;
  }
  const columns = M < ROWS ? 16 : COLUMNS;
  const row = <usize>columns << 2;
  const packedB = scratch + 64, packedA = packedB + B_BYTES, edge = packedA + A_BYTES;
  const keep = packed && N <= NC && K <= KC && load<i32>(scratch) == columns;
  const direct = !keep && columnB == 4 && M <= DIRECT && rowB <= NEAR;
  store<i32>(scratch, direct ? 0 : columns);
  const KB = blockOf(K);
  for (let jc = 0; jc < N; jc += NC) {
    const nc = min<i32>(NC, N - jc);
    for (let pc = 0; pc < K; pc += KB) {
      const kc = min<i32>(KB, K - pc);
      const add = accumulate | i32(pc > 0);
      const last = pc + kc == K;
      const blockB = B + <usize>pc * rowB + <usize>jc * columnB;
      if (!keep && !direct) packB(columns, kc, nc, blockB, rowB, columnB, packedB);
      for (let ic = 0, mc = 0; ic < M; ic += mc) {
        mc = M - ic < MC + ROWS ? M - ic : MC;
        let a = A + <usize>ic * rowA + <usize>pc * columnA;
        let lda = rowA;
        // A transpose is read as it lies, but for one whose columns lie so far apart that they fall onto each other in the cache.
        const flip = i32(columnA != 4);
        if (flip) {
          lda = columnA;
          if (rowA != 4 || (columnA >= FAR && N >= 64)) {
            packA(mc, kc, a, rowA, columnA, packedA);
            a = packedA;
            lda = <usize>mc << 2;
          }
        }
        for (let jr = 0; jr < nc; jr += columns) {
          const w = min<i32>(columns, nc - jr);
          const c = C + <usize>ic * ldc + (<usize>(jc + jr) << 2);
          let b = packedB + <usize>jr * (<usize>kc << 2), ldb = row;
          if (direct) {
            b = blockB + (<usize>jr << 2);
            ldb = rowB;
          }
          let ownBias = last && bias ? bias + (<usize>(jc + jr) << 2) : 0;
          if (w == columns) {
            if (ownBias && !add) {
              // Nothing else is added: tiles add the bias while they are in registers.
              strip(columns, mc, kc, a, lda, flip, b, ldb, c, ldc, 1, ownBias, 0);
              ownBias = 0;
            } else strip(columns, mc, kc, a, lda, flip, b, ldb, c, ldc, add, c, ldc);
          } else {
            if (direct) packB(columns, kc, w, b, rowB, 4, packedB);
            strip(columns, mc, kc, a, lda, flip, direct ? packedB : b, row, edge, row, 0, 0, 0);
            copyEdge(mc, w, columns, edge, c, ldc, add);
          }
          if (last) finish(mc, w, c, ldc, ownBias, residual ? residual + (c - C) : 0, activation);
        }
      }
    }
  }
}

export function matmul_i32(M: i32, N: i32, K: i32, A: usize, rowA: usize, columnA: usize, B: usize, rowB: usize, columnB: usize, C: usize): void {
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++, C += 4) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += load<i32>(A + <usize>i * rowA + <usize>k * columnA) * load<i32>(B + <usize>k * rowB + <usize>j * columnB);
      store<i32>(C, sum);
    }
  }
}
