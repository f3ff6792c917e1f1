// Exponentials of a whole line with their sum, the heart of softmax: several vectors go through the steps together, so that none
// waits for the chain of another. The steps are written out for each, because the compiler would not mix them.
const CHAINS = 4;

/** eˣ for x ≤ 0; what is too small to be normal is 0. `$` stands for the chain's number. @see XNNPACK, f32-raddstoreexpminusmax, rr2-p5. */
const steps = [
  'let n$ = mad(x$, k(1008), k(1024));',
  'const s$ = i32x4.shl(n$, 23);',
  'n$ = f32x4.sub(n$, k(1024));',
  'let t$ = nmad(n$, k(1040), x$);',
  't$ = nmad(n$, k(1056), t$);',
  'let p$ = mad(k(1072), t$, k(1088));',
  'p$ = mad(p$, t$, k(1104));',
  'p$ = mad(p$, t$, k(1120));',
  'p$ = mad(p$, t$, k(1136));',
  'p$ = mad(f32x4.mul(t$, s$), p$, s$);',
  'p$ = v128.andnot(p$, f32x4.lt(x$, k(1152)));',
];

export function exponentials() {
  const chains = Array.from({ length: CHAINS }, (_, i) => i);
  const all = (step) => chains.map((i) => step.replaceAll('$', String(i))).join(' ');
  const sumOf = (name, parameters, put) => `
export function ${name}(n: i32, x: usize, shift: f32${parameters}): f32 {
  const s = f32x4.splat(shift);
  ${all('let sum$ = f32x4.splat(0);')}
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~${CHAINS * 4 - 1}) << 2);
  for (; x < stop; x += ${CHAINS * 16}${put ? `, y += ${CHAINS * 16}` : ''}) {
    ${chains.map((i) => `const x${i} = f32x4.sub(v128.load(x, ${i * 16}), s);`).join(' ')}
    ${steps.map(all).join('\n    ')}
    ${put ? chains.map((i) => `v128.store(y, p${i}, ${i * 16});`).join(' ') : ''}
    ${all('sum$ = f32x4.add(sum$, p$);')}
  }
  let sum = across(${chains.map((i) => `sum${i}`).reduce((a, b) => `f32x4.add(${a}, ${b})`)});
  for (; x < end; x += 4${put ? ', y += 4' : ''}) {
    const x0 = f32x4.splat(load<f32>(x) - shift);
    ${steps.map((step) => step.replaceAll('$', '0')).join('\n    ')}
    ${put ? 'store<f32>(y, first(p0));' : ''}
    sum += first(p0);
  }
  return sum;
}
`;
  return `
// Generated from exponentials.template.mjs.
import { across, first, mad, nmad } from './simd';
import { k } from './vector-functions';

/** y ← e^(x − shift) for n numbers, none above the shift; gives the sum. */${sumOf('exponentials', ', y: usize', true)}
/** Σ e^(x − shift) for n numbers, none above the shift. */${sumOf('exponentialSum', '', false)}`;
}
