/** Running sums of lanes: `lanes` side by side in each of `blocks`, of n elements `s` apart. */
// @ts-ignore: decorator
@inline
function running<T, A>(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize): void {
  for (let block = 0; block < blocks; block++) {
    for (let lane = 0; lane < lanes; lane++) {
      let at = <usize>(block * n * s + lane) << 2;
      let sum: A = 0;
      for (let i = 0; i < n; i++, at += <usize>s << 2) {
        sum += <A>load<T>(x + at);
        store<T>(y + at, <T>sum);
      }
    }
  }
}

export function cumsum_f32(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize): void {
  running<f32, f64>(blocks, lanes, n, s, x, y);
}
export function cumsum_i32(blocks: i32, lanes: i32, n: i32, s: i32, x: usize, y: usize): void {
  running<i32, i32>(blocks, lanes, n, s, x, y);
}
