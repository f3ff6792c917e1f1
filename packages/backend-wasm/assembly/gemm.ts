// Blocked matrix product on the packed panel kernel. Strides are in bytes.
import { finish } from './epilogue';
import { panel, panelT } from './panel';

const KC: i32 = 256;
const MC: i32 = 64;
const NC: i32 = 512;

// Scratch: a packed block of B, a block of A made contiguous, and one tile for edges.
const B_BYTES: usize = <usize>KC * NC * 4;
const A_BYTES: usize = <usize>KC * MC * 4;
export const SCRATCH_BYTES: usize = B_BYTES + A_BYTES + 256;

export function gemmScratchBytes(): i32 {
  return <i32>SCRATCH_BYTES;
}

/** Four columns of a transposed B, `step` apart, as the four lanes of one panel's rows. */
function turn(kc: i32, from: usize, step: usize, to: usize): void {
  let k = 0;
  for (; k + 4 <= kc; k += 4, from += 16, to += 256) {
    const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step), d = v128.load(from + 3 * step);
    const p = v128.shuffle<f32>(a, b, 0, 4, 1, 5), q = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const r = v128.shuffle<f32>(a, b, 2, 6, 3, 7), s = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(p, q, 0, 1, 4, 5), 0);
    v128.store(to, v128.shuffle<f32>(p, q, 2, 3, 6, 7), 64);
    v128.store(to, v128.shuffle<f32>(r, s, 0, 1, 4, 5), 128);
    v128.store(to, v128.shuffle<f32>(r, s, 2, 3, 6, 7), 192);
  }
  for (; k < kc; k++, from += 4, to += 64) {
    for (let q: usize = 0; q < 4; q++) store<f32>(to + (q << 2), load<f32>(from + q * step));
  }
}

function packB(kc: i32, nc: i32, b: usize, rowB: usize, columnB: usize, d: usize): void {
  for (let j = 0; j < nc; j += 16) {
    const w = min<i32>(16, nc - j);
    let p = b + <usize>j * columnB;
    if (w == 16 && columnB == 4) {
      for (let k = 0; k < kc; k++, p += rowB, d += 64) {
        v128.store(d, v128.load(p, 0), 0);
        v128.store(d, v128.load(p, 16), 16);
        v128.store(d, v128.load(p, 32), 32);
        v128.store(d, v128.load(p, 48), 48);
      }
    } else if (rowB == 4) {
      // B is transposed: its columns lie along memory, and are turned four by four.
      let q = 0;
      for (; q + 4 <= w; q += 4) turn(kc, p + <usize>q * columnB, columnB, d + (<usize>q << 2));
      for (; q < 16; q++) {
        const from = p + <usize>q * columnB;
        const to = d + (<usize>q << 2);
        if (q < w) for (let k = 0; k < kc; k++) store<f32>(to + (<usize>k << 6), load<f32>(from + (<usize>k << 2)));
        else for (let k = 0; k < kc; k++) store<f32>(to + (<usize>k << 6), 0);
      }
      d += <usize>kc << 6;
    } else {
      for (let k = 0; k < kc; k++, p += rowB, d += 64) {
        for (let q = 0; q < 16; q++) store<f32>(d + (<usize>q << 2), q < w ? load<f32>(p + <usize>q * columnB) : <f32>0);
      }
    }
  }
}

function packA(mc: i32, kc: i32, a: usize, rowA: usize, columnA: usize, d: usize): void {
  // Along memory on the reading side: A is usually the transpose of something contiguous.
  for (let k = 0; k < kc; k++) {
    const from = a + <usize>k * columnA;
    const to = d + (<usize>k << 2);
    for (let i = 0; i < mc; i++) store<f32>(to + <usize>(i * kc) * 4, load<f32>(from + <usize>i * rowA));
  }
}

/** A tile cut off by an edge: computed whole beside C, then its part copied. */
function edge(h: i32, w: i32, kc: i32, a: usize, lda: usize, flip: i32, b: usize, c: usize, ldc: usize, accumulate: i32, tile: usize): void {
  let from = tile;
  if (!flip) {
    // With one row left its pointer serves twice, so that no memory beyond A is read.
    panel(1, kc, a, h < 2 ? 0 : lda, b, tile, 64, 0);
  } else if (h < 2) {
    // Of the last row and the one before it.
    panelT(1, kc, a - 4, lda, b, tile, 64, 0);
    from += 64;
  } else {
    panelT(1, kc, a, lda, b, tile, 64, 0);
  }
  for (let i = 0; i < h; i++, from += 64, c += ldc) {
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
  const keep = packed && N <= NC && K <= KC;
  const packedB = scratch, packedA = scratch + B_BYTES, tile = scratch + B_BYTES + A_BYTES;
  for (let jc = 0; jc < N; jc += NC) {
    const nc = min<i32>(NC, N - jc);
    for (let pc = 0; pc < K; pc += KC) {
      const kc = min<i32>(KC, K - pc);
      const add = accumulate | i32(pc > 0);
      const last = pc + kc == K;
      if (!keep) packB(kc, nc, B + <usize>pc * rowB + <usize>jc * columnB, rowB, columnB, packedB);
      for (let ic = 0; ic < M; ic += MC) {
        const mc = min<i32>(MC, M - ic);
        let a = A + <usize>ic * rowA + <usize>pc * columnA;
        let lda = rowA;
        // A transpose is read as it lies; one row alone has none before it to begin with.
        const flip = i32(rowA == 4 && columnA != 4 && M > 1);
        if (flip) {
          lda = columnA;
        } else if (columnA != 4) {
          packA(mc, kc, a, rowA, columnA, packedA);
          a = packedA;
          lda = <usize>kc << 2;
        }
        const full = mc >> 1, rest = mc & 1;
        const next = flip ? <usize>8 : 2 * lda;
        for (let jr = 0; jr < nc; jr += 16) {
          const b = packedB + <usize>(jr * kc) * 4;
          const c = C + <usize>ic * ldc + (<usize>(jc + jr) << 2);
          const w = nc - jr;
          if (w >= 16) {
            if (flip) panelT(full, kc, a, lda, b, c, ldc, add);
            else panel(full, kc, a, lda, b, c, ldc, add);
          } else {
            for (let t = 0; t < full; t++) edge(2, w, kc, a + <usize>t * next, lda, flip, b, c + <usize>(2 * t) * ldc, ldc, add, tile);
          }
          if (rest) edge(1, min<i32>(16, w), kc, a + <usize>full * next, lda, flip, b, c + <usize>(2 * full) * ldc, ldc, add, tile);
          if (last) finish(mc, min<i32>(16, w), c, ldc, bias ? bias + (<usize>(jc + jr) << 2) : 0, residual ? residual + (c - C) : 0, activation);
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
