// The element-wise kernels: two loops and a table of expressions. Every kernel goes over m lines of n elements, with a
// stride for each operand from line to line (r) and along it (s), in elements; 0 repeats. Outputs lie without gaps.

/** In the place of a scalar expression: one number goes through the function of four, so that its bits do not depend on where it stands. */
const ofFour = Symbol('of four');

/** name → scalar expression of x, and where there is one, the SIMD expression of X; or the function of whole lines (n, x, y). */
export const unary = {
  f32: {
    neg: ['-x', 'f32x4.neg(X)'],
    abs: ['abs<f32>(x)', 'f32x4.abs(X)'],
    sqrt: ['sqrt<f32>(x)', 'f32x4.sqrt(X)'],
    floor: ['floor<f32>(x)', 'f32x4.floor(X)'],
    ceil: ['ceil<f32>(x)', 'f32x4.ceil(X)'],
    round: ['nearest<f32>(x)', 'f32x4.nearest(X)'],
    reciprocal: ['<f32>1 / x', 'f32x4.div(f32x4.splat(1), X)'],
    // pmax keeps its first operand unless the second is larger, so a NaN stays.
    relu: ['x < 0 ? <f32>0 : x', 'f32x4.pmax(X, f32x4.splat(0))'],
    sign: ['x > 0 ? <f32>1 : x < 0 ? <f32>-1 : x'],
    exp: { line: 'expLine' },
    expm1: ['Mathf.expm1(x)'],
    log: [ofFour, 'vlog(X)'],
    log1p: ['Mathf.log1p(x)'],
    sin: [ofFour, 'vsin(X)'],
    cos: [ofFour, 'vcos(X)'],
    asin: ['Mathf.asin(x)'],
    acos: ['Mathf.acos(x)'],
    atan: ['Mathf.atan(x)'],
    tanh: [ofFour, 'vtanh(X)'],
    erf: [ofFour, 'verf(X)'],
    gelu: [ofFour, 'vgelu(X)'],
    geluTanh: [ofFour, 'vgeluTanh(X)'],
    sigmoid: { line: 'sigmoidLine' },
  },
  i32: {
    neg: ['-x', 'i32x4.neg(X)'],
    abs: ['abs<i32>(x)', 'i32x4.abs(X)'],
    sign: ['x > 0 ? 1 : x < 0 ? -1 : 0'],
    floor: ['x'],
    ceil: ['x'],
    round: ['x'],
    relu: ['max<i32>(x, 0)', 'i32x4.max_s(X, i32x4.splat(0))'],
  },
};

export const binary = {
  f32: {
    add: ['a + b', 'f32x4.add(A, B)'],
    sub: ['a - b', 'f32x4.sub(A, B)'],
    mul: ['a * b', 'f32x4.mul(A, B)'],
    div: ['a / b', 'f32x4.div(A, B)'],
    maximum: ['max<f32>(a, b)', 'vmax(A, B)'],
    minimum: ['min<f32>(a, b)', 'vmin(A, B)'],
    floorDivide: ['<f32>floor<f64>(<f64>a / <f64>b)'],
    mod: ['floorMod(a, b)'],
    pow: ['first(vpow(f32x4.splat(a), f32x4.splat(b)))', 'vpow(A, B)'],
    atan2: ['Mathf.atan2(a, b)'],
  },
  i32: {
    add: ['a + b', 'i32x4.add(A, B)'],
    sub: ['a - b', 'i32x4.sub(A, B)'],
    mul: ['a * b', 'i32x4.mul(A, B)'],
    maximum: ['max<i32>(a, b)', 'i32x4.max_s(A, B)'],
    minimum: ['min<i32>(a, b)', 'i32x4.min_s(A, B)'],
    floorDivide: ['floorDivideInteger(a, b)'],
    mod: ['floorModInteger(a, b)'],
    pow: ['powerInteger(a, b)'],
  },
};
export const comparison = { equal: ['a == b', 'eq'], less: ['a < b', 'lt'], lessEqual: ['a <= b', 'le'] };
const logical = { logicalAnd: 'a & b', logicalOr: 'a | b' };

const head = `
// Generated from elementwise.template.mjs.
import { floorDivideInteger, floorMod, floorModInteger, powerInteger } from './functions';
import { expLine, sigmoidLine } from './exponentials';
import { vpow } from './power';
import { first, vmax, vmin } from './simd';
import { vcos, verf, vgelu, vgeluTanh, vlog, vsin, vtanh } from './vector-functions';
`;

/** log₂ of an element's bytes. */
const SHIFT = { f32: 2, i32: 2, u8: 0 };

/** The exported kernel `name`: its line function for each of m lines. `inputs` maps operands to log₂ of their bytes. */
function plane(name, inputs, output) {
  const names = Object.keys(inputs);
  const parameters = names.map((x) => `${x}: usize, r${x}: i32, s${x}: i32`).join(', ');
  const advance = names.map((x) => `${x} += <usize>r${x} << ${inputs[x]}`).join(', ');
  return `export function ${name}(m: i32, n: i32, ${parameters}, y: usize): void {
  for (; m > 0; m--, ${advance}, y += <usize>n << ${output}) ${name}_line(n, ${names.map((x) => `${x}, s${x}`).join(', ')}, y);
}
`;
}

/** A unary kernel by a function of lines, which also does single elements. */
function lineKernel(op, line) {
  return `${plane(`${op}_f32`, { x: 2 }, 2)}function ${op}_f32_line(n: i32, x_: usize, sx: i32, y: usize): void {
  let x = x_;
  if (sx == 1) { ${line}(n, x, y); return; }
  for (const stop = y + (<usize>n << 2), step = <usize>sx << 2; y < stop; x += step, y += 4) ${line}(1, x, y);
}
`;
}

/**
 * A kernel of a long chain of instructions: two vectors at a time, so that neither waits for the other's chain; the rest in one loop,
 * of vectors or of single elements, since each copy of the chain weighs.
 */
function chainKernel(op, simd) {
  return `${plane(`${op}_f32`, { x: 2 }, 2)}function ${op}_f32_line(n: i32, x_: usize, sx: i32, y: usize): void {
  let x = x_; const step = <usize>sx << 2, stop = y + (<usize>n << 2);
  if (sx == 1) {
    for (const pairs = y + (<usize>(n & ~7) << 2); y < pairs; x += 32, y += 32) {
      const X = v128.load(x), Z = v128.load(x, 16);
      const p = ${simd}, q = ${simd.replace(/\bX\b/g, 'Z')};
      v128.store(y, p);
      v128.store(y, q, 16);
    }
  }
  while (y < stop) {
    const four = sx == 1 && stop - y >= 16;
    const X = four ? v128.load(x) : v128.load_splat<f32>(x);
    const p = ${simd};
    if (four) { v128.store(y, p); x += 16; y += 16; }
    else { v128.store_lane<f32>(y, p, 0); x += step; y += 4; }
  }
}
`;
}

function unaryKernel(op, T, row) {
  if (row.line) return lineKernel(op, row.line);
  if (row[0] === ofFour) return chainKernel(op, row[1]);
  const [scalar, simd] = row;
  const vector = simd
    ? `  if (sx == 4) {
    const stop = y + (<usize>(n & ~3) << 2);
    for (const pairs = y + (<usize>(n & ~7) << 2); y < pairs; x += 32, y += 32) {
      // Two at a time: neither waits for the other's chain.
      const X = v128.load(x), Z = v128.load(x, 16);
      const p = ${simd}, q = ${simd.replace(/\bX\b/g, 'Z')};
      v128.store(y, p);
      v128.store(y, q, 16);
    }
    for (; y < stop; x += 16, y += 16) { const X = v128.load(x); v128.store(y, ${simd}); }
    n &= 3;
  }
`
    : '';
  return `${plane(`${op}_${T}`, { x: SHIFT[T] }, SHIFT[T])}function ${op}_${T}_line(n: i32, x_: usize, sx_: i32, y: usize): void {
  let x = x_; const sx = <usize>sx_ << 2;
${vector}  for (const stop = y + (<usize>n << 2); y < stop; x += sx, y += 4) {
    const x0 = load<${T}>(x); store<${T}>(y, ${scalar.replace(/\bx\b/g, 'x0')});
  }
}
`;
}

function binaryKernel(op, T, [scalar, simd]) {
  const loop = (a, b, before = '') => `${before}    for (; y < stop; ${a ? 'a += 16, ' : ''}${b ? 'b += 16, ' : ''}y += 16) {
      ${a ? 'const A = v128.load(a); ' : ''}${b ? 'const B = v128.load(b); ' : ''}v128.store(y, ${simd});
    }`;
  const vector = simd
    ? `  const stop = y + (<usize>(n & ~3) << 2);
  if (sa == 4 && sb == 4) {
${loop(true, true)}
    n &= 3;
  } else if (sa == 4 && sb == 0) {
${loop(true, false, `    const B = v128.load_splat<${T}>(b);\n`)}
    n &= 3;
  } else if (sa == 0 && sb == 4) {
${loop(false, true, `    const A = v128.load_splat<${T}>(a);\n`)}
    n &= 3;
  }
`
    : '';
  return `${plane(`${op}_${T}`, { a: SHIFT[T], b: SHIFT[T] }, SHIFT[T])}function ${op}_${T}_line(n: i32, a_: usize, sa_: i32, b_: usize, sb_: i32, y: usize): void {
  let a = a_, b = b_; const sa = <usize>sa_ << 2, sb = <usize>sb_ << 2;
${vector}  for (const end = y + (<usize>n << 2); y < end; a += sa, b += sb, y += 4) {
    const a0 = load<${T}>(a), b0 = load<${T}>(b);
    store<${T}>(y, ${scalar.replace(/\ba\b/g, 'a0').replace(/\bb\b/g, 'b0')});
  }
}
`;
}

/** Sixteen comparisons at a time: four masks of four lanes narrowed to bytes of 0 or 1. */
function predicateKernel(op, T, expression, simd) {
  const shift = SHIFT[T];
  const body = expression.replace(/\ba\b/g, `load<${T}>(a)`).replace(/\bb\b/g, `load<${T}>(b)`);
  const mask = (b, at) => simd.replace('A', `v128.load(a, ${at * 16})`).replace('B', b ? `v128.load(b, ${at * 16})` : 'B');
  const narrowed = (b) => {
    const [p, q] = [0, 2].map((at) => `i16x8.narrow_i32x4_s(${mask(b, at)}, ${mask(b, at + 1)})`);
    return `v128.store(y, v128.and(i8x16.narrow_i16x8_s(${p}, ${q}), i8x16.splat(1)));`;
  };
  const vector = simd
    ? `  const stop = y + <usize>(n & ~15);
  if (sa == 4 && sb == 4) {
    for (; y < stop; a += 64, b += 64, y += 16) { ${narrowed(true)} }
    n &= 15;
  } else if (sa == 4 && sb == 0) {
    const B = v128.load_splat<${T}>(b);
    for (; y < stop; a += 64, y += 16) { ${narrowed(false)} }
    n &= 15;
  }
`
    : '';
  return `${plane(`${op}_${T}`, { a: shift, b: shift }, 0)}function ${op}_${T}_line(n: i32, a_: usize, sa_: i32, b_: usize, sb_: i32, y: usize): void {
  let a = a_, b = b_; const sa = <usize>sa_ << ${shift}, sb = <usize>sb_ << ${shift};
${vector}  for (const end = y + <usize>n; y < end; a += sa, b += sb, y++) store<u8>(y, <u8>(${body}));
}
`;
}

/** c ? a : b. Four of 32 bits at a time where c lies without gaps and a and b do or are one element. */
function selectKernel(width) {
  const shift = Math.log2(width / 8);
  const operand = (name, step) => (step ? `v128.load(${name})` : name.toUpperCase());
  const loop = (sa, sb) => `if (sa == ${sa} && sb == ${sb}) {
    ${sa ? '' : 'const A = v128.load_splat<f32>(a);'} ${sb ? '' : 'const B = v128.load_splat<f32>(b);'}
    for (; n >= 4; n -= 4, c += 4, y += 16) {
      const bytes = i16x8.extend_low_i8x16_u(v128.load_zero<u32>(c));
      const mask = i32x4.neg(i32x4.extend_low_i16x8_u(bytes));
      v128.store(y, v128.bitselect(${operand('a', sa)}, ${operand('b', sb)}, mask));
      ${sa ? 'a += 16;' : ''} ${sb ? 'b += 16;' : ''}
    }
  }`;
  const vector = width === 32 ? `  if (sc == 1) ${[loop(1, 1), loop(1, 0), loop(0, 1)].join(' else ')}\n` : '';
  return `${plane(`select_${width}`, { c: 0, a: shift, b: shift }, shift)}function select_${width}_line(n: i32, c: usize, sc: i32, a: usize, sa: i32, b: usize, sb: i32, y: usize): void {
${vector}  for (let i = 0; i < n; i++) {
    store<u${width}>(y + (<usize>i << ${shift}), load<u8>(c + <usize>(i * sc)) ? load<u${width}>(a + (<usize>(i * sa) << ${shift})) : load<u${width}>(b + (<usize>(i * sb) << ${shift})));
  }
}
`;
}

export function elementwise() {
  const parts = [head];
  for (const [T, table] of Object.entries(unary)) for (const [op, row] of Object.entries(table)) parts.push(unaryKernel(op, T, row));
  for (const [T, table] of Object.entries(binary)) for (const [op, row] of Object.entries(table)) parts.push(binaryKernel(op, T, row));
  for (const [op, [expression, name]] of Object.entries(comparison)) {
    parts.push(predicateKernel(op, 'f32', expression, `f32x4.${name}(A, B)`));
    parts.push(predicateKernel(op, 'i32', expression, `i32x4.${name === 'eq' ? name : `${name}_s`}(A, B)`));
    parts.push(predicateKernel(op, 'u8', expression));
  }
  for (const [op, expression] of Object.entries(logical)) parts.push(predicateKernel(op, 'u8', expression));
  for (const width of [8, 16, 32, 64]) {
    const shift = Math.log2(width / 8);
    parts.push(selectKernel(width));
    parts.push(`export function copy_${width}(m: i32, n: i32, x: usize, rx: i32, sx: i32, y: usize, ry: i32, sy: i32): void {
  for (; m > 0; m--, x += <usize>rx << ${shift}, y += <usize>ry << ${shift}) copy_${width}_line(n, x, sx, y, sy);
}
function copy_${width}_line(n: i32, x: usize, sx: i32, y: usize, sy: i32): void {
  if (sx == 1 && sy == 1) { memory.copy(y, x, <usize>n << ${shift}); return; }
  const dx = <usize>sx << ${shift}, dy = <usize>sy << ${shift};
  for (; n > 0; n--, x += dx, y += dy) store<u${width}>(y, load<u${width}>(x));
}
export function fill_${width}(n: i32, value: f64, bits: u${width === 64 ? 32 : width}, y: usize): void {
  for (let i = 0; i < n; i++) store<u${width}>(y + (<usize>i << ${shift}), ${width === 64 ? 'reinterpret<u64>(value)' : 'bits'});
}
`);
  }
  parts.push(`${plane('isNaN_f32', { x: 2 }, 0)}function isNaN_f32_line(n: i32, x: usize, sx: i32, y: usize): void {
  for (let i = 0; i < n; i++) { const v = load<f32>(x + (<usize>(i * sx) << 2)); store<u8>(y + i, <u8>(v != v)); }
}
${plane('logicalNot_u8', { x: 0 }, 0)}function logicalNot_u8_line(n: i32, x: usize, sx: i32, y: usize): void {
  for (let i = 0; i < n; i++) store<u8>(y + i, 1 - load<u8>(x + <usize>(i * sx)));
}
`);
  return parts.join('');
}
