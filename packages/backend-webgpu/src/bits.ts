import { type DType, toBfloat16, toFloat16 } from '@tessera/core';
import { floatWord } from './program.ts';

/** The bits of a number in a dtype, one word or two: integers are truncated. */
export function bitsOf(value: number, dtype: DType): number[] {
  switch (dtype) {
    case 'float32':
      return [floatWord(value)];
    case 'float64':
      return [...new Uint32Array(Float64Array.of(value).buffer)];
    case 'int64':
      return [...new Uint32Array(BigInt64Array.of(BigInt(Math.trunc(value))).buffer)];
    case 'float16':
      return [toFloat16(value)];
    case 'bfloat16':
      return [toBfloat16(value)];
    case 'bool':
      return [value ? 1 : 0];
    case 'int8':
    case 'uint8':
      return [Math.trunc(value) & 0xff];
    default:
      return [Math.trunc(value) >>> 0];
  }
}
