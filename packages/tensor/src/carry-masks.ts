import { type Composite, primitives, type PrimitiveRow, type Shape } from '@tessera/core';
import type { Op } from './device.ts';
import type { Tensor } from './tensor.ts';

/** Whether any tensor has had a mask, so that programs without masks pay nothing for them. */
let used = false;

/** Gives a tensor that was just made its mask. */
export function setMask(x: Tensor, mask: Tensor | undefined): void {
  x.mask = mask;
  used ||= mask !== undefined;
}

/** Hands the masks of inputs on to outputs `[N, T, …]` of an op that works element by element; two masks become one by `and`. */
export function carryMasks(op: Op, inputs: readonly Tensor[], outputs: readonly Tensor[], and: (a: Tensor, b: Tensor) => Tensor): void {
  if (!used || !isElementwise(op)) return;
  let mask: Tensor | undefined;
  for (const { mask: other } of inputs) {
    if (!other || other === mask || other.disposed) continue;
    mask = mask ? and(mask, other) : other;
  }
  if (!mask) return;
  for (const output of outputs) if (covers(mask.shape, output.shape)) output.mask ??= mask;
}

function isElementwise(op: Op): boolean {
  const row = (typeof op === 'string' ? primitives[op] : op) as PrimitiveRow<unknown> | Composite<unknown>;
  return row.elementwise ?? false;
}

/** Whether a mask `[N, T]` fits a tensor `[N, T, …]`. */
export function covers(mask: Shape, shape: Shape): boolean {
  return mask.length === 2 && shape.length >= 2 && mask[0] === shape[0] && mask[1] === shape[1];
}
