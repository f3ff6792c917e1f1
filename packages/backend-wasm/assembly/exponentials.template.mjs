// Exponentials of a whole line: with their sum, the heart of softmax, and by themselves. Several vectors go through the steps together, so
// that none waits for the chain of another. The steps are written out for each, because the compiler would not mix them.
const CHAINS = 2;
const chains = Array.from({ length: CHAINS }, (_, i) => i);
const all = (step) => chains.map((i) => step.replaceAll('$', String(i))).join(' ');
const single = (steps) => steps.map((step) => step.replaceAll('$', '0')).join('\n    ');
const together = (steps) => steps.map(all).join('\n    ');

/** p = eˣ for |x| ≤ 87. `$` stands for the chain's number. @see XNNPACK, f32-raddstoreexpminusmax, rr2-p5. */
const exponential = [
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
];
/** Of what is not above 0; what is too small to be normal is 0. */
const decaying = [...exponential, 'p$ = v128.andnot(p$, f32x4.lt(x$, k(1152)));'];
/** y = t/(1 + t) with t = e^−|v|, or 1 − y for positive v. */
const sigmoid = [
  'const x$ = f32x4.pmax(f32x4.neg(f32x4.abs(v$)), k(1152));',
  ...exponential,
  'p$ = f32x4.div(p$, f32x4.add(p$, k(192)));',
  'p$ = v128.bitselect(f32x4.sub(k(192), p$), p$, f32x4.gt(v$, f32x4.splat(0)));',
];
/** The same more exactly. @see Cephes, expf. */
const exp = [
  'let n$ = mad(v$, k(32), k(1024));',
  'const s$ = i32x4.shl(n$, 23);',
  'n$ = f32x4.sub(n$, k(1024));',
  'const r$ = nmad(n$, k(80), nmad(n$, k(64), v$));',
  'let p$ = mad(k(96), r$, k(112));',
  'p$ = mad(p$, r$, k(128));',
  'p$ = mad(p$, r$, k(144));',
  'p$ = mad(p$, r$, k(160));',
  'p$ = mad(p$, r$, k(176));',
  'p$ = mad(p$, r$, k(192));',
  'p$ = f32x4.mul(mad(p$, r$, k(192)), s$);',
];

function sumOf(name, parameters) {
  const [put, scales] = ['y:', 'factor:'].map((name) => parameters.includes(name));
  const scaled = (x) => (scales ? `f32x4.mul(${x}, f)` : x);
  return `
export function ${name}(n: i32, x: usize, ${parameters}): f32 {
  const s = f32x4.splat(shift);${scales ? ' const f = f32x4.splat(factor);' : ''}
  ${all('let sum$ = f32x4.splat(0);')}
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~${CHAINS * 4 - 1}) << 2);
  for (; x < stop; x += ${CHAINS * 16}${put ? `, y += ${CHAINS * 16}` : ''}) {
    ${chains.map((i) => `const x${i} = f32x4.sub(${scaled(`v128.load(x, ${i * 16})`)}, s);`).join(' ')}
    ${together(decaying)}
    ${put ? chains.map((i) => `v128.store(y, p${i}, ${i * 16});`).join(' ') : ''}
    ${all('sum$ = f32x4.add(sum$, p$);')}
  }
  let sum = across(${chains.map((i) => `sum${i}`).reduce((a, b) => `f32x4.add(${a}, ${b})`)});
  for (; x < end; x += 4${put ? ', y += 4' : ''}) {
    const x0 = f32x4.sub(${scaled('v128.load_splat<f32>(x)')}, s);
    ${single(decaying)}
    ${put ? 'store<f32>(y, first(p0));' : ''}
    sum += first(p0);
  }
  return sum;
}
`;
}

/** A function of each of n numbers; those that are `beyond` what its steps can do go through `slow`, one vector at a time. */
function lineOf(name, steps, beyond, slow) {
  const any = chains.map((i) => beyond(`v${i}`)).reduce((a, b) => `v128.or(${a}, ${b})`);
  return `
export function ${name}(n: i32, x: usize, y: usize): void {
  const end = x + (<usize>n << 2), stop = x + (<usize>(n & ~${CHAINS * 4 - 1}) << 2);
  for (; x < stop; x += ${CHAINS * 16}, y += ${CHAINS * 16}) {
    ${chains.map((i) => `const v${i} = v128.load(x, ${i * 16});`).join(' ')}
    ${together(steps)}
    ${chains.map((i) => `v128.store(y, p${i}, ${i * 16});`).join(' ')}
    if (v128.any_true(${any})) {
      ${chains.map((i) => `v128.store(y, v128.bitselect(${slow(`v${i}`)}, p${i}, ${beyond(`v${i}`)}), ${i * 16});`).join(' ')}
    }
  }
  for (; x < end; x += 4, y += 4) {
    const v0 = v128.load_splat<f32>(x);
    ${single(steps)}
    store<f32>(y, first(v128.any_true(${beyond('v0')}) ? ${slow('v0')} : p0));
  }
}
`;
}

export function exponentials() {
  return `
// Generated from exponentials.template.mjs.
import { across, first, mad, nmad } from './simd';
import { k, vexp, vsigmoid } from './vector-functions';

function slowExponential(x: v128): v128 { return vexp(x); }
function slowSigmoid(x: v128): v128 { return vsigmoid(x); }

/** y ← e^(x − shift) for n numbers, none above the shift; gives the sum. */${sumOf('exponentials', 'shift: f32, y: usize')}
/** The same of x·factor. */${sumOf('scaledExponentials', 'factor: f32, shift: f32, y: usize')}
/** Σ e^(x − shift) for n numbers, none above the shift. */${sumOf('exponentialSum', 'shift: f32')}
/** y = eˣ within 2 ulp. */${lineOf('expLine', exp, (v) => `f32x4.gt(f32x4.abs(${v}), k(1168))`, (v) => `slowExponential(${v})`)}
/** y = 1/(1 + e⁻ˣ) within 6 ulp. */${lineOf('sigmoidLine', sigmoid, (v) => `f32x4.lt(${v}, k(1152))`, (v) => `slowSigmoid(${v})`)}`;
}
