import { bytesPerElement, DeviceError, type DType, fromFloat16, type Operand, toFloat16, type View } from '@tessera/core';
import { GpuBuffer } from './memory.ts';
import { floatWord } from './program.ts';
import { bitsOf } from './bits.ts';
import { type Scalar, scalarOf } from './wgsl/elements.ts';

/** An operand as a shader sees it: cells of 1, 2 or 4 bytes. Floats of 2 bytes are halves. */
export interface Cells {
  readonly buffer: GpuBuffer;
  readonly view: View;
  readonly bytes: 1 | 2 | 4;
  /** What a cell is in WGSL once it is read. */
  readonly scalar: Scalar;
  /** What all cells are, as a word, where that is known. */
  readonly constant: number | undefined;
}

export function bufferOf({ buffer }: Operand): GpuBuffer {
  if (buffer instanceof GpuBuffer) return buffer;
  throw new DeviceError('[webgpu] the buffer is of another backend');
}

/** An operand of a dtype that is computed with. */
export function numbers(operand: Operand): Cells {
  const buffer = bufferOf(operand);
  const { constant } = buffer;
  const isHalf = operand.dtype === 'float16';
  const value =
    constant &&
    (isHalf ? floatWord(fromFloat16(toFloat16(constant.value))) : operand.dtype === 'float32' ? floatWord(constant.value) : constant.value);
  return {
    buffer,
    view: operand.view,
    bytes: bytesPerElement(operand.dtype) as 1 | 2 | 4,
    scalar: scalarOf(operand.dtype),
    constant: value,
  };
}

/** An operand of any dtype as bits: those of eight bytes are two cells. */
export function raw(operand: Operand): Cells {
  const { view, dtype } = operand;
  const buffer = bufferOf(operand);
  const bytes = bytesPerElement(dtype);
  if (bytes === 8) return { buffer, view: inPairs(view), bytes: 4, scalar: 'u32', constant: undefined };
  const constant = buffer.constant && bitsOf(buffer.constant.value, dtype)[0];
  return { buffer, view, bytes: bytes as 1 | 2 | 4, scalar: 'u32', constant };
}

/** A view of elements of two words as a view of words. */
function inPairs({ shape, strides, offset }: View): View {
  return { shape: [...shape, 2], strides: [...strides.map((stride) => stride * 2), 1], offset: offset * 2 };
}

/** Whether elements of a dtype are two words. */
export function isWide(dtype: DType): boolean {
  return bytesPerElement(dtype) === 8;
}
