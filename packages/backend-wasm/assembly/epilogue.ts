// What is done to a tile of a product while it is in the nearest cache: f(c + bias) + residual.
import { gelu_f32, geluTanh_f32, sigmoid_f32, tanh_f32 } from './elementwise';

// The places of functions in the list that src/epilogue.ts has from the op table.
const NONE = 0, RELU = 1, TANH = 2, SIGMOID = 3, GELU = 4;

// @ts-ignore: decorator
@inline
function sweep(width: i32, c: usize, bias: usize, residual: usize, relu: bool): void {
  let j: usize = 0;
  for (const stop = <usize>(width & ~3) << 2; j < stop; j += 16) {
    let v = v128.load(c + j);
    if (bias) v = f32x4.add(v, v128.load(bias + j));
    if (relu) v = f32x4.pmax(v, f32x4.splat(0));
    if (residual) v = f32x4.add(v, v128.load(residual + j));
    v128.store(c + j, v);
  }
  for (const stop = <usize>width << 2; j < stop; j += 4) {
    let v = load<f32>(c + j);
    if (bias) v += load<f32>(bias + j);
    if (relu) v = v < 0 ? 0 : v;
    if (residual) v += load<f32>(residual + j);
    store<f32>(c + j, v);
  }
}

function line(activation: i32, width: i32, c: usize): void {
  if (activation == TANH) tanh_f32(1, width, c, 0, 1, c);
  else if (activation == SIGMOID) sigmoid_f32(1, width, c, 0, 1, c);
  else if (activation == GELU) gelu_f32(1, width, c, 0, 1, c);
  else geluTanh_f32(1, width, c, 0, 1, c);
}

/** Of rows ldc bytes apart, `width` elements each; the rows of the residual, where there is one, lie as those of c. */
export function finish(rows: i32, width: i32, c: usize, ldc: usize, bias: usize, residual: usize, activation: i32): void {
  if (!bias && !residual && activation == NONE) return;
  for (; rows > 0; rows--, c += ldc) {
    if (activation <= RELU) {
      if (activation == RELU) sweep(width, c, bias, residual, true);
      else sweep(width, c, bias, residual, false);
    } else {
      if (bias) sweep(width, c, bias, 0, false);
      line(activation, width, c);
      if (residual) sweep(width, c, 0, residual, false);
    }
    if (residual) residual += ldc;
  }
}
