import { bytesPerElement } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import { isContiguous } from '../view.ts';
import type { PlanBuffer, PlanOperand, Step } from './plan.ts';

/** A step, and for each of its outputs the inputs, by place, that kernels may write it over. */
export interface ProgramStep extends Step {
  readonly overwrites?: readonly (readonly number[])[] | undefined;
}

/** A plan whose buffers have no places yet. */
export interface Program {
  readonly buffers: readonly Pick<PlanBuffer, 'byteLength' | 'role'>[];
  readonly steps: readonly ProgramStep[];
  readonly inputs: readonly PlanOperand[];
  readonly outputs: readonly PlanOperand[];
}

/** Buffers that become parts of others, so many bytes from their start. These may move as well. */
export type Moves = ReadonlyMap<number, { readonly buffer: number; readonly byteOffset: number }>;

/** The program after moves: buffers that moved are gone, and operands lie where they went. */
export function moveBuffers(program: Program, moves: Moves): Program {
  if (moves.size === 0) return program;
  const kept = program.buffers.map((_, buffer) => buffer).filter((buffer) => !moves.has(buffer));
  const numbers = new Map(kept.map((buffer, number) => [buffer, number]));
  const operand = ({ buffer, dtype, view }: PlanOperand): PlanOperand => {
    let byteOffset = 0;
    let at = buffer;
    for (let move = moves.get(at); move; move = moves.get(at)) {
      byteOffset += move.byteOffset;
      at = move.buffer;
    }
    const offset = view.offset + byteOffset / bytesPerElement(dtype);
    return { buffer: numbers.get(at)!, dtype, view: offset === view.offset ? view : { ...view, offset } };
  };
  return {
    buffers: kept.map((buffer) => program.buffers[buffer]!),
    steps: program.steps.map((step) => ({ ...step, inputs: step.inputs.map(operand), outputs: step.outputs.map(operand) })),
    inputs: program.inputs.map(operand),
    outputs: program.outputs.map(operand),
  };
}

/** The steps that first and last touch each buffer; −1 for one that none touches. */
export function lifetimes({ buffers, steps }: Program): { first: number; last: number }[] {
  const spans = buffers.map(() => ({ first: -1, last: -1 }));
  steps.forEach(({ inputs, outputs }, at) => {
    for (const { buffer } of [...inputs, ...outputs]) {
      const span = spans[buffer]!;
      if (span.first < 0) span.first = at;
      span.last = at;
    }
  });
  return spans;
}

/** Whether an operand is all of its buffer in row-major order. */
export function isWhole({ buffers }: Program, { buffer, dtype, view }: PlanOperand): boolean {
  return view.offset === 0 && isContiguous(view) && sizeOf(view.shape) * bytesPerElement(dtype) === buffers[buffer]!.byteLength;
}
