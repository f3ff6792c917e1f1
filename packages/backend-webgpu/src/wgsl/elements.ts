import type { DType } from '@tessera/core';

/** The type in WGSL of an element that kernels compute with; bools are 0 or 1. */
export type Scalar = 'f32' | 'i32' | 'u32';

/** The type of an element of a dtype: halves are computed with as floats, other narrow and wide ones are seen as their bits. */
export function scalarOf(dtype: DType): Scalar {
  return dtype === 'float32' || dtype === 'float16' ? 'f32' : dtype === 'int32' ? 'i32' : 'u32';
}

/** The element at `index` of a binding over words. */
export function loadElement(binding: string, index: string, bytes: 1 | 2 | 4): string {
  if (bytes === 4) return `${binding}[${index}]`;
  const [shift, mask] = bytes === 1 ? [2, 3] : [1, 1];
  return `((${binding}[(${index}) >> ${shift}u] >> (((${index}) & ${mask}u) * ${bytes * 8}u)) & ${bytes === 1 ? '0xffu' : '0xffffu'})`;
}

/** How many bits an element of so many bytes is moved by in its word. */
export function bitPlace(index: string, bytes: 1 | 2): string {
  return `((${index} & ${bytes === 1 ? 3 : 1}u) * ${bytes * 8}u)`;
}
