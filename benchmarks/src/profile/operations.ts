import { bytesPerElement, formatShape, type FusedAttributes, opName, type Operand, sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';

/** The operands of a kernel call. */
export interface Call {
  readonly op: string;
  readonly inputs: readonly Operand[];
  readonly attributes: unknown;
  readonly outputs: readonly Operand[];
}

const size = ({ view: { shape } }: Operand): number => sizeOf(shape);
const last = ({ view: { shape } }: Operand, from = 1): number => shape.at(-from)!;

type Count = (inputs: readonly Operand[], outputs: readonly Operand[]) => number;

/** Each number of `dy` is a sum over a filter's window and channels. */
const convolved = (dy: Operand, kernel: Operand): number => (2 * size(dy) * size(kernel)) / last(kernel);

/** Products and sums of ops that mostly consist of them. */
const counts: Readonly<Record<string, Count>> = {
  matmul: ([a], [y]) => 2 * size(y!) * last(a!),
  convolution: ([, kernel], [y]) => convolved(y!, kernel!),
  convolutionInputGradient: ([dy, kernel]) => convolved(dy!, kernel!),
  convolutionKernelGradient: ([, dy], [kernel]) => convolved(dy!, kernel!),
  attention: ([q, k, v]) => (2 * size(q!) * last(k!, 2) * (last(q!) + last(v!))) / last(q!),
  // Scores and dp anew, then dq, dk and dv.
  attentionGradient: ([q, k, v]) => (2 * size(q!) * last(k!, 2) * (3 * last(q!) + 2 * last(v!))) / last(q!),
  lstm: ([z, w]) => 2 * size(z!) * last(w!, 2),
  lstmGradient: ([w], [dz]) => 2 * size(dz!) * last(w!, 2),
  gru: ([z, w]) => 2 * size(z!) * last(w!, 2),
  gruGradient: ([w], [dz]) => 2 * size(dz!) * last(w!, 2),
};

/** Floating-point operations of a call; 0 for ops that are not counted in them. */
export function flopsOf({ op, inputs, outputs }: Call): number {
  return counts[op]?.(inputs, outputs) ?? 0;
}

/** Bytes of a call's operands, each read or written once; numbers that are repeated count once. */
export function bytesOf({ inputs, outputs }: Call): number {
  const bytes = ({ view: { shape, strides }, dtype }: Operand): number =>
    shape.reduce((product, length, axis) => (strides[axis] === 0 ? product : product * length), 1) * bytesPerElement(dtype);
  return [...inputs, ...outputs].reduce((sum, operand) => sum + bytes(operand), 0);
}

/** A call in words: its op, of a fused one what it is made of, and its operands' shapes but for numbers. */
export function describeCall({ op, inputs, attributes, outputs }: Call): string {
  const parts =
    op === composites.fused.name ? (attributes as FusedAttributes).instructions.map((instruction) => opName(instruction.op)) : [];
  const shapes = (operands: readonly Operand[]): string =>
    operands.flatMap(({ view: { shape } }) => (shape.length ? [formatShape(shape)] : [])).join(' ');
  return `${op}${parts.length ? `(${parts.join(' ')})` : ''} ${shapes(inputs)} → ${shapes(outputs)}`;
}
