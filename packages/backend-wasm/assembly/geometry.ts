/** Entry i of a geometry, a table of int32 in memory: see src/geometry.ts for its order. */
// @ts-ignore: decorator
@inline
export function g(geometry: usize, i: i32): i32 {
  return load<i32>(geometry + (<usize>i << 2));
}
