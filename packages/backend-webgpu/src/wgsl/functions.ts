import { conversions } from './conversions.ts';
import { exponentials } from './exponentials.ts';
import { remainders } from './remainders.ts';
import { trigonometry } from './trigonometry.ts';

/**
 * Functions of WGSL by name, for shaders to draw from. What drivers answer for NaN, infinities, −0 and large arguments differs,
 * so bits are asked instead of comparisons, and every function says itself what comes of them.
 */
const library: Readonly<Record<string, string>> = {
  // A word that is 0, which no compiler knows: what is mixed with it cannot be worked out, reordered or fused before it runs.
  opaque: 'fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ P[0].x); }',
  infinity: 'fn infinity() -> f32 { return bitcast<f32>(0x7f800000u ^ P[0].x); }',
  notANumber: 'fn notANumber() -> f32 { return bitcast<f32>(0x7fc00000u ^ P[0].x); }',
  isNaN: 'fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  magnitude: 'fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }',
  negated: 'fn negated(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u); }',
  /** x with the sign of s. */
  signed: 'fn signed(x: f32, s: f32) -> f32 { return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u)); }',
  isInfinite: 'fn isInfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }',
  isZero: 'fn isZero(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0u; }',
  isNegative: 'fn isNegative(x: f32) -> bool { return bitcast<u32>(x) > 0x7fffffffu; }',

  greater: `fn greater(a: f32, b: f32) -> f32 {
  return select(select(select(b, a, a > b), b, isNaN(b)), a, isNaN(a));
}`,
  lesser: `fn lesser(a: f32, b: f32) -> f32 {
  return select(select(select(b, a, a < b), b, isNaN(b)), a, isNaN(a));
}`,
  // a·b exactly, as what it rounds to and the rest, where that can be told. @see Dekker 1971, "A Floating-Point Technique".
  productExact: `fn productExact(a: f32, b: f32) -> vec2<f32> {
  let p = opaque(a * b);
  let ah = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let bh = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let al = opaque(a - ah);
  let bl = opaque(b - bh);
  let rest = opaque(opaque(opaque(opaque(ah * bh) - p) + opaque(ah * bl)) + opaque(al * bh)) + opaque(al * bl);
  let m = bitcast<u32>(p) & 0x7fffffffu;
  return vec2<f32>(p, select(0.0, rest, m > 0x0c800000u && m < 0x7f000000u));
}`,
  // The product of two numbers that carry what rounding took from them.
  productKept: `fn productKept(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let p = productExact(a.x, b.x);
  return vec2<f32>(p.x, p.y + (a.x * b.y + a.y * b.x));
}`,
  productRounded: `fn productRounded(p: vec2<f32>) -> f32 {
  return select(opaque(p.x) + p.y, p.x, isZero(p.x) || isInfinite(p.x) || isNaN(p.x));
}`,
  signOf: `fn signOf(x: f32) -> f32 {
  if (isNaN(x) || isZero(x)) { return x; }
  return signed(1.0, x);
}`,
  // From 2²³ on every float is whole.
  whole: 'fn whole(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) >= 0x4b000000u; }',
  floored: `fn floored(x: f32) -> f32 {
  if (whole(x) || isZero(x)) { return x; }
  return floor(x);
}`,
  ceiled: `fn ceiled(x: f32) -> f32 {
  if (whole(x) || isZero(x)) { return x; }
  return signed(ceil(x), x);
}`,
  rounded: `fn rounded(x: f32) -> f32 {
  if (whole(x)) { return x; }
  return signed(round(magnitude(x)), x);
}`,
  root: `fn root(x: f32) -> f32 {
  // Beyond are zeros, infinity, NaN and all below 0.
  if (bitcast<u32>(x) - 1u < 0x7f7fffffu) { return sqrt(x); }
  if (isZero(x)) { return x; }
  return select(x, notANumber(), isNegative(x) || isNaN(x));
}`,
  quotient: `fn quotient(a: f32, b: f32) -> f32 {
  if (!isZero(b) && !isInfinite(b)) { return a / b; }
  let sign = (bitcast<u32>(a) ^ bitcast<u32>(b)) & 0x80000000u;
  if (isNaN(a) || select(isInfinite(a), isZero(a), isZero(b))) { return notANumber(); }
  return bitcast<f32>(select(0u, 0x7f800000u, isZero(b)) | sign | P[0].x);
}`,
};

const table = { ...conversions, ...library, ...exponentials, ...trigonometry, ...remainders };
const names = Object.keys(table);

/** The functions that a text calls, and those that they call, in an order in which each is declared once. */
export function functionsFor(text: string): string {
  const found = new Set<string>();
  const visit = (code: string): void => {
    for (const name of names) {
      if (found.has(name) || !new RegExp(`\\b${name}(At)?\\(`).test(code)) continue;
      found.add(name);
      visit(table[name].replace(`fn ${name}(`, ''));
    }
  };
  visit(text);
  return names
    .filter((name) => found.has(name))
    .map((name) => table[name])
    .join('\n');
}
