// What is done to a tile of a product while it is in the nearest cache: f(c + bias) + residual.
import { gelu_f32, geluTanh_f32, sigmoid_f32, tanh_f32 } from './elementwise';

// The places of functions in the list that src/epilogue.ts has from the op table.
const NONE = 0, RELU = 1, TANH = 2, SIGMOID = 3, GELU = 4;

// Two vectors of each row, with the bias in registers.
// @ts-ignore: decorator
@inline
function pair(rows: i32, c: usize, ldc: usize, bias: usize, residual: usize, relu: bool): void {
  let b0 = f32x4.splat(0), b1 = b0;
  if (bias) {
    b0 = v128.load(bias);
    b1 = v128.load(bias, 16);
  }
  for (; rows > 0; rows--, c += ldc) {
    let v = v128.load(c), w = v128.load(c, 16);
    if (bias) {
      v = f32x4.add(v, b0);
      w = f32x4.add(w, b1);
    }
    if (relu) {
      v = f32x4.pmax(v, f32x4.splat(0));
      w = f32x4.pmax(w, f32x4.splat(0));
    }
    if (residual) {
      v = f32x4.add(v, v128.load(residual));
      w = f32x4.add(w, v128.load(residual, 16));
      residual += ldc;
    }
    v128.store(c, v);
    v128.store(c, w, 16);
  }
}

// @ts-ignore: decorator
@inline
function sweep(rows: i32, width: i32, c: usize, ldc: usize, bias: usize, residual: usize, relu: bool): void {
  let j: usize = 0;
  for (const stop = <usize>(width & ~7) << 2; j < stop; j += 32) pair(rows, c + j, ldc, bias ? bias + j : 0, residual ? residual + j : 0, relu);
  for (const stop = <usize>width << 2; j < stop; j += 4) {
    let to = c + j, r = residual + j;
    for (let i = 0; i < rows; i++, to += ldc, r += ldc) {
      let v = load<f32>(to);
      if (bias) v += load<f32>(bias + j);
      if (relu) v = v < 0 ? 0 : v;
      if (residual) v += load<f32>(r);
      store<f32>(to, v);
    }
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
  if (activation == RELU) {
    sweep(rows, width, c, ldc, bias, residual, true);
  } else if (activation == NONE) {
    sweep(rows, width, c, ldc, bias, residual, false);
  } else {
    for (; rows > 0; rows--, c += ldc) {
      if (bias) sweep(1, width, c, 0, bias, 0, false);
      line(activation, width, c);
      if (!residual) continue;
      sweep(1, width, c, 0, 0, residual, false);
      residual += ldc;
    }
  }
}
