// Blocks of the operands laid out as the tiles read them. Strides are in bytes.

/** Four columns of a transposed B, `step` apart, as four lanes of a panel's rows, which lie `row` apart. */
function turn(kc: i32, from: usize, step: usize, to: usize, row: usize): void {
  let k = 0;
  for (; k + 4 <= kc; k += 4, from += 16, to += 4 * row) {
    const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step), d = v128.load(from + 3 * step);
    const p = v128.shuffle<f32>(a, b, 0, 4, 1, 5), q = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const r = v128.shuffle<f32>(a, b, 2, 6, 3, 7), s = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(p, q, 0, 1, 4, 5));
    v128.store(to + row, v128.shuffle<f32>(p, q, 2, 3, 6, 7));
    v128.store(to + 2 * row, v128.shuffle<f32>(r, s, 0, 1, 4, 5));
    v128.store(to + 3 * row, v128.shuffle<f32>(r, s, 2, 3, 6, 7));
  }
  for (; k < kc; k++, from += 4, to += row) {
    for (let q: usize = 0; q < 4; q++) store<f32>(to + (q << 2), load<f32>(from + q * step));
  }
}

// @ts-ignore: decorator
@inline
function copyRow(from: usize, to: usize, columns: i32): void {
  v128.store(to, v128.load(from, 0), 0);
  v128.store(to, v128.load(from, 16), 16);
  if (columns == 8) return;
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

/** Whole panels of a B whose rows lie along memory: four rows through all panels, so that reading goes along and lines are written whole. */
// @ts-ignore: decorator
@inline
function packRows(columns: i32, kc: i32, panels: i32, b: usize, rowB: usize, to: usize): void {
  const row = <usize>columns << 2, next = <usize>kc * row;
  let k = 0;
  for (; k + 4 <= kc; k += 4, b += 4 * rowB, to += 4 * row) {
    let from = b, d = to;
    for (let j = 0; j < panels; j++, from += row, d += next) {
      copyRow(from, d, columns);
      copyRow(from + rowB, d + row, columns);
      copyRow(from + 2 * rowB, d + 2 * row, columns);
      copyRow(from + 3 * rowB, d + 3 * row, columns);
    }
  }
  for (; k < kc; k++, b += rowB, to += row) {
    let from = b, d = to;
    for (let j = 0; j < panels; j++, from += row, d += next) copyRow(from, d, columns);
  }
}

/** Panels of `columns` columns of B, each row by row; the last one is filled up with zeros. */
export function packB(columns: i32, kc: i32, nc: i32, b: usize, rowB: usize, columnB: usize, to: usize): void {
  const row = <usize>columns << 2;
  let j = 0;
  if (columnB == 4) {
    const panels = nc / columns;
    if (columns == 8) packRows(8, kc, panels, b, rowB, to);
    else packRows(16, kc, panels, b, rowB, to);
    j = panels * columns;
  }
  for (to += <usize>kc * (<usize>j << 2); j < nc; j += columns, to += <usize>kc * row) {
    const w = min<i32>(columns, nc - j);
    let p = b + <usize>j * columnB;
    let d = to;
    if (rowB == 4) {
      // B is transposed: its columns lie along memory, and are turned four by four.
      let q = 0;
      for (; q + 4 <= w; q += 4) turn(kc, p + <usize>q * columnB, columnB, d + (<usize>q << 2), row);
      for (; q < columns; q++) {
        const from = p + <usize>q * columnB;
        d = to + (<usize>q << 2);
        for (let k = 0; k < kc; k++, d += row) store<f32>(d, q < w ? load<f32>(from + (<usize>k << 2)) : <f32>0);
      }
    } else {
      for (let k = 0; k < kc; k++, p += rowB, d += row) {
        for (let q = 0; q < columns; q++) store<f32>(d + (<usize>q << 2), q < w ? load<f32>(p + <usize>q * columnB) : <f32>0);
      }
    }
  }
}

/** A of any strides as mc columns of a transpose, without gaps: so whoever goes down one comes through all sets of the cache. */
export function packA(mc: i32, kc: i32, a: usize, rowA: usize, columnA: usize, d: usize): void {
  for (; kc > 0; kc--, a += columnA) {
    let i = 0, p = a;
    if (rowA == 4) for (; i + 4 <= mc; i += 4, p += 16, d += 16) v128.store(d, v128.load(p));
    for (; i < mc; i++, p += rowA, d += 4) store<f32>(d, load<f32>(p));
  }
}
