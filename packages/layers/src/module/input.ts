import type { DType } from '@tessera/core';
import { symbol, type Tensor } from '@tessera/tensor';
import { type AxisLengths, spec, withBatchAxis } from './spec.ts';

/**
 * An input of a {@link Model}: a tensor without elements, on which layers and ops are called to say what the model computes.
 *
 * Shapes: without the batch axis; `null` where a length is not known.
 *
 * @example
 * const images = input([28, 28, 1])
 * const tokens = input([null], 'int32')
 */
export function input(shape: AxisLengths, dtype: DType = 'float32'): Tensor {
  return symbol(withBatchAxis(spec(shape, dtype)));
}
