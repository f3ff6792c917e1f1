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
