import { type DType, isFloat, promoteNumber, promoteTypes, UsageError } from '@tessera/core';
import { isTensor } from '../brand.ts';
import { run } from '../door.ts';
import type { Operand, Tensor } from '../tensor.ts';

/** A tensor converted to a dtype; itself where it has it. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : run('cast', [x], { dtype })[0]!;
}

/** A number as a scalar tensor beside `like`. */
function scalar(value: number | boolean, dtype: DType, like: Tensor): Tensor {
  return run('fill', [], { value: Number(value), shape: [], dtype }, like.device)[0]!;
}

/**
 * Operands made to have one dtype: the one that all tensors have in common, which numbers do not widen. At least one
 * must be a tensor.
 */
export function promote(where: string, operands: readonly Operand[], least?: DType): Tensor[] {
  const first = operands.find(isTensor);
  if (!first) throw new UsageError(`[${where}] at least one operand must be a tensor: got only numbers. Wrap one with tensor().`);
  let { dtype } = first;
  for (const operand of operands) if (isTensor(operand)) dtype = promoteTypes(dtype, operand.dtype);
  for (const operand of operands) if (!isTensor(operand)) dtype = promoteNumber(dtype, operand);
  if (least) dtype = promoteTypes(dtype, least);
  return operands.map((operand) => (isTensor(operand) ? cast(operand, dtype) : scalar(operand, dtype, first)));
}

/** The tensor itself where it is float, else as float32. */
export function asFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : cast(x, 'float32');
}

/** The tensor itself where it holds numbers, else (bool) as int32. */
export function asNumber(x: Tensor): Tensor {
  return x.dtype === 'bool' ? cast(x, 'int32') : x;
}
