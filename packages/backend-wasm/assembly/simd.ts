// What every kernel of four floats builds on. The relaxed build fuses the product and the sum, so its last bits differ.

// @ts-ignore: decorator
@inline
export function mad(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a·b */
// @ts-ignore: decorator
@inline
export function nmad(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** The sum of the lanes. */
// @ts-ignore: decorator
@inline
export function across(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The first lane of a function of four, so that a number's bits do not depend on where in a line it stands. */
// @ts-ignore: decorator
@inline
export function first(v: v128): f32 {
  return f32x4.extract_lane(v, 0);
}

// Where zeros of both signs meet, pmax gives the first of them: both orders together give the right one. A NaN is in one of the two.
// f32x4.max and min do all this by themselves, but slower.

/** max(a, b); NaN where either is. */
// @ts-ignore: decorator
@inline
export function vmax(a: v128, b: v128): v128 {
  const p = f32x4.pmax(a, b), q = f32x4.pmax(b, a);
  return v128.or(v128.and(p, q), v128.or(f32x4.ne(p, p), f32x4.ne(q, q)));
}

/** min(a, b); NaN where either is. */
// @ts-ignore: decorator
@inline
export function vmin(a: v128, b: v128): v128 {
  const p = f32x4.pmin(a, b), q = f32x4.pmin(b, a);
  return v128.or(v128.or(p, q), v128.or(f32x4.ne(p, p), f32x4.ne(q, q)));
}
