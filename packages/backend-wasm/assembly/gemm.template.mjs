// The matrix product's innermost kernels: tiles of 2 × 16, B packed in panels of 16 columns. `panel` reads A through two
// row pointers; `panelT` reads an A whose columns are contiguous, as transposes are, two rows beside each other. k is unrolled by four, each step a basic block of its own: the exits between the steps keep the engine from
// hoisting the loads of several steps, which would spill the accumulators, and they absorb the remainder of k.
const rows = [0, 1];
const lanes = [0, 1, 2, 3];

const plain = {
  name: 'panel',
  doc: 'C (+)= A·B for 2·tiles rows of A, lda bytes apart, and one packed panel of 16 columns.',
  nextTile: 'a += 2 * lda',
  start: 'let a0 = a, a1 = a + lda;',
  element: (i, u) => `v128.load_splat<f32>(a${i}, ${u * 4})`,
  afterStep: '',
  afterFour: 'a0 += 16; a1 += 16;',
};
const transposed = {
  name: 'panelT',
  doc: 'The same for an A whose rows are 4 bytes apart and whose columns lda.',
  nextTile: 'a += 8',
  start: 'let a0 = a;',
  element: (i) => `v128.load_splat<f32>(a0, ${i * 4})`,
  afterStep: ' a0 += lda;',
  afterFour: '',
};

export function gemmPanels() {
  return `
// Generated from gemm.template.mjs.
import { mad } from './simd';${[plain, transposed].map(panel).join('')}`;
}

function panel({ name, doc, nextTile, start, element, afterStep, afterFour }) {
  const step = (u) => `
      ${lanes.map((j) => `b${j} = v128.load(pb, ${u * 64 + j * 16});`).join(' ')}
      ${rows
        .map((i) => `x = ${element(i, u)}; ${lanes.map((j) => `c${i}${j} = mad(x, b${j}, c${i}${j});`).join(' ')}`)
        .join('\n      ')}${afterStep}`;
  const store = (accumulate) =>
    rows
      .map((i) => `${lanes.map((j) => `v128.store(c, ${accumulate ? `f32x4.add(v128.load(c, ${j * 16}), c${i}${j})` : `c${i}${j}`}, ${j * 16});`).join(' ')} c += ldc;`)
      .join('\n      ');
  return `
/** ${doc} */
export function ${name}(tiles: i32, kc: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, accumulate: i32): void {
  for (; tiles > 0; tiles--, ${nextTile}) {
    let k = kc, pb = b;
    ${start}
    ${rows.map((i) => lanes.map((j) => `let c${i}${j} = f32x4.splat(0);`).join(' ')).join('\n    ')}
    let x: v128, b0: v128, b1: v128, b2: v128, b3: v128;
    while (true) {${[0, 1, 2, 3].map((u) => step(u) + (u < 3 ? `\n      if (k == ${u + 1}) break;` : '')).join('')}
      ${afterFour} pb += 256; k -= 4;
      if (k == 0) break;
    }
    if (accumulate) {
      ${store(true)}
    } else {
      ${store(false)}
    }
  }
}
`;
}
