// The matrix product's innermost kernels, tiles of C that stay in registers over a block of k. k is unrolled by four, each step a basic
// block of its own: the exits between the steps keep the engine from hoisting the loads of several steps, which would spill the
// accumulators, and they absorb the remainder of k.
const UNROLLED = 4;

/**
 * The tiles. Plain SIMD needs a register for each product: 2 × 16 is what fits beside it. Fused products and sums take as long to
 * end as eight of them to begin, so there more accumulators are better: 6 × 8, and fewer rows for what is left over. Engines that hoist
 * all loads of a block (TurboFan) keep 10 and more of them in registers only where each row is a block of its own. So rows end in exits
 * that are never taken: on bits of `accumulate`, which is 0 or 1 as no compiler can know. A parameter that is always 0 would be folded.
 */
const tiles = [
  { rows: 6, columns: 8, split: true },
  { rows: 5, columns: 8, split: true },
  { rows: 4, columns: 8 },
  { rows: 3, columns: 8 },
  { rows: 2, columns: 16 },
  { rows: 1, columns: 16 },
];

/** How A is read: by a pointer for each row, or where its columns are contiguous, as transposes' are, the rows beside each other. */
const byRows = {
  suffix: '',
  doc: (rows) => `C = A·B (+ rows ldf bytes apart) for tiles of ${rows} rows of A, lda bytes apart, and columns of B whose rows lie ldb bytes apart.`,
  nextTile: (rows) => `a += ${rows} * lda`,
  start: (rows) => `let ${rows.map((i) => `a${i} = a + ${i} * lda`).join(', ')};`,
  element: (i, u) => `a${i}, ${u * 4}`,
  afterStep: '',
  afterAll: (rows) => rows.map((i) => `a${i} += ${UNROLLED * 4};`).join(' '),
};
const byColumns = {
  suffix: 'T',
  doc: () => 'The same for an A whose rows are 4 bytes apart and whose columns lda.',
  nextTile: (rows) => `a += ${rows * 4}`,
  start: () => 'let a0 = a;',
  element: (i) => `a0, ${i * 4}`,
  afterStep: ' a0 += lda;',
  afterAll: () => '',
};

export function gemmPanels() {
  return `
// Generated from gemm.template.mjs.
import { mad } from './simd';${tiles.flatMap((tile) => [byRows, byColumns].map((reading) => panel(tile, reading))).join('')}`;
}

function panel({ rows: height, columns, split }, { suffix, doc, nextTile, start, element, afterStep, afterAll }) {
  const rows = Array.from({ length: height }, (_, i) => i);
  const lanes = Array.from({ length: columns / 4 }, (_, j) => j);
  let exits = 0;
  const row = (i, u) => {
    const sums = lanes.map((j) => `c${i}${j} = mad(x, b${j}, c${i}${j});`).join(' ');
    const exit = split && i < height - 1 ? ` if (accumulate & ${2 << exits++}) break;` : '';
    return `x = v128.load_splat<f32>(${element(i, u)}); ${sums}${exit}`;
  };
  const step = (u) => `
      ${lanes.map((j) => `b${j} = v128.load(pb, ${j * 16});`).join(' ')} pb += ldb;
      ${rows.map((i) => row(i, u)).join('\n      ')}${afterStep}`;
  const steps = Array.from({ length: UNROLLED }, (_, u) => step(u) + (u < UNROLLED - 1 ? `\n      if (k == ${u + 1}) break;` : ''));
  return `
/** ${doc(height)} */
export function panel${height}x${columns}${suffix}(tiles: i32, kc: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: i32, from: usize, ldf: usize): void {
  for (; tiles > 0; tiles--, ${nextTile(height)}) {
    let k = kc, pb = b;
    ${start(rows)}
    ${rows.map((i) => lanes.map((j) => `let c${i}${j} = f32x4.splat(0);`).join(' ')).join('\n    ')}
    let x: v128, ${lanes.map((j) => `b${j}: v128`).join(', ')};
    while (true) {${steps.join('')}
      ${afterAll(rows)} k -= ${UNROLLED};
      if (k == 0) break;
    }
    if (accumulate) {
      ${rows.map((i) => `${lanes.map((j) => `c${i}${j} = f32x4.add(v128.load(from, ${j * 16}), c${i}${j});`).join(' ')} from += ldf;`).join('\n      ')}
    }
    ${rows.map((i) => `${lanes.map((j) => `v128.store(c, c${i}${j}, ${j * 16});`).join(' ')} c += ldc;`).join('\n    ')}
  }
}
`;
}
