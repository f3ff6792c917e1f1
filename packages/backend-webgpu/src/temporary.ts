import { bytesPerElement, contiguousView, type DType, type Operand, type Shape, sizeOf } from '@tessera/core';
import type { Runtime } from './runtime.ts';

/** An operand without gaps in memory of its own, which lasts as long as the op. */
export function temporary(runtime: Runtime, dtype: DType, shape: Shape): Operand {
  const view = contiguousView(shape);
  return { buffer: runtime.temporary(sizeOf(shape) * bytesPerElement(dtype)), dtype, view };
}
