import { bytesPerElement, type DType, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { bitsOf } from './bits.ts';
import { bufferOf } from './cells.ts';
import { GpuBuffer } from './memory.ts';
import { word } from './program.ts';
import type { Runtime } from './runtime.ts';

const WORKGROUP = 64;

/** Fills a buffer, by words. */
export function fillWords(runtime: Runtime, buffer: GpuBuffer, bytes: number, value: number, dtype: DType): void {
  const bits = bitsOf(value, dtype);
  const size = bytesPerElement(dtype);
  const repeated = size === 1 ? bits[0] * 0x01010101 : size === 2 ? bits[0] * 0x00010001 : bits[0];
  const count = Math.ceil(bytes / 4);
  const program = runtime.program('fill', () => ({
    bindings: [{ name: 'Y', type: 'u32', writes: true }],
    words: 4,
    workgroup: WORKGROUP,
    main: `  if (t < ${word(1)}) { Y[t] = select(${word(2)}, ${word(3)}, (t & 1u) == 1u); }`,
  }));
  runtime.run(program, [buffer], [count, repeated, bits[1] ?? repeated], Math.ceil(count / WORKGROUP));
}

/** Fills operands of floats with zeros. */
export function clear(runtime: Runtime, operands: readonly Operand[]): void {
  for (const operand of operands) fillWords(runtime, bufferOf(operand), sizeOf(operand.view.shape) * 4, 0, 'float32');
}

/** The buffer, with the constant that it stands for written where it is not yet. Plans do that before they first run. */
export function materialize(runtime: Runtime, buffer: GpuBuffer): GpuBuffer {
  const { constant } = buffer;
  if (!constant || buffer.block) return buffer;
  const { recorder } = runtime;
  runtime.recorder = undefined;
  runtime.blockOf(buffer);
  fillWords(runtime, buffer, buffer.byteLength, constant.value, constant.dtype);
  runtime.recorder = recorder;
  return buffer;
}

export function fill(runtime: Runtime): Pick<Kernels, 'fill'> {
  return {
    fill(_, { value }, [y]) {
      const buffer = bufferOf(y);
      const bytes = bytesPerElement(y.dtype);
      // One element is only remembered, as most kernels take it as a parameter; what a plan fills at each run is filled.
      if (buffer.byteLength <= bytes && !runtime.recorder) buffer.constant = { value, dtype: y.dtype };
      else fillWords(runtime, buffer, sizeOf(y.view.shape) * bytes, value, y.dtype);
    },
  };
}
