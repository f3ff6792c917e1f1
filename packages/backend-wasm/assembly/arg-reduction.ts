/** The places of the first extremes of so many lines, `jump` apart; a NaN counts as one. */
// @ts-ignore: decorator
@inline
function places<T>(largest: bool, count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  for (; count > 0; count--, x += <usize>jump << alignof<T>(), y += 4) {
    let best = load<T>(x), at = 0;
    for (let i = 0; i < n; i++) {
      const v = load<T>(x + (<usize>(i * step) << alignof<T>()));
      if (isFloat<T>() && v != v) { at = i; break; }
      if (largest ? v > best : v < best) { best = v; at = i; }
    }
    store<i32>(y, at);
  }
}

export function argmax_f32(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<f32>(true, count, n, x, jump, step, y);
}
export function argmin_f32(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<f32>(false, count, n, x, jump, step, y);
}
export function argmax_i32(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<i32>(true, count, n, x, jump, step, y);
}
export function argmin_i32(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<i32>(false, count, n, x, jump, step, y);
}
export function argmax_u8(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<u8>(true, count, n, x, jump, step, y);
}
export function argmin_u8(count: i32, n: i32, x: usize, jump: i32, step: i32, y: usize): void {
  places<u8>(false, count, n, x, jump, step, y);
}
