import { bytesPerElement, type Operand, type Plan, type PlanOperand, type PrimitiveAttributes, sizeOf } from '@tessera/core';
import { aligned } from '../allocator.ts';
import { addressOf, type WasmBuffer } from '../runtime.ts';
import type { Recorder } from './recorder.ts';

/** Gives a plan's buffer its address, which may be a symbol. */
export type Placement = (buffer: number) => number;

/** Writes down a plan's calls, its buffers placed and its temporaries from an address on. */
export type RecordPlan = (plan: Plan, placement: Placement, temporaries: number) => void;

/** An operand that is all of some memory. */
function operandAt(address: number, { dtype, view }: PlanOperand): Operand {
  return { buffer: { byteLength: bytesOf({ dtype, view }), address } as WasmBuffer, dtype, view };
}

function bytesOf({ dtype, view }: Pick<PlanOperand, 'dtype' | 'view'>): number {
  return sizeOf(view.shape) * bytesPerElement(dtype);
}

/**
 * Writes down a `scan`: turns that read elements of the sequences, and write those of the stacked outputs, where they lie. The carry
 * changes place at every turn, so two turns are alike, and the program jumps back after each two.
 */
export function recordLoop(
  recorder: Recorder,
  body: Plan,
  { constants, carry, length, reverse }: PrimitiveAttributes['scan'],
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  temporaries: number,
  copy: (from: Operand, to: Operand) => void,
  recordPlan: RecordPlan,
): void {
  let end = temporaries;
  const take = (operand: PlanOperand): number => {
    const at = end;
    end += aligned(bytesOf(operand));
    return at;
  };
  const carried = body.outputs.slice(0, carry);
  const places = [carried.map(take), carried.map(take)];
  const turn = (t: number): void => {
    const at = reverse ? length - 1 - t : t;
    const [from, to] = [places[t % 2], places[(t + 1) % 2]];
    const element = (operand: Operand, inner: PlanOperand): number => addressOf(operand) + at * bytesOf(inner);
    const address = new Map<number, number>();
    body.inputs.forEach((inner, i) => {
      const outer = inputs[i];
      const place = i < constants ? addressOf(outer) : i < constants + carry ? from[i - constants] : element(outer, inner);
      address.set(inner.buffer, place);
    });
    body.outputs.forEach((inner, i) => address.set(inner.buffer, i < carry ? to[i] : element(outputs[i], inner)));
    recordPlan(body, (buffer) => address.get(buffer)!, end);
  };
  carried.forEach((inner, i) => copy(inputs[constants + i], operandAt(places[0][i], inner)));
  const pairs = Math.floor(length / 2);
  recorder.repeat(pairs, (pair) => {
    turn(2 * pair);
    turn(2 * pair + 1);
  });
  if (length % 2 === 1) turn(length - 1);
  carried.forEach((inner, i) => copy(operandAt(places[length % 2][i], inner), outputs[i]));
}

/** The bytes beside its body's own temporaries that a loop needs. */
export function loopBytes(body: Plan, { carry }: PrimitiveAttributes['scan']): number {
  return body.outputs.slice(0, carry).reduce((sum, operand) => sum + 2 * aligned(bytesOf(operand)), 0);
}
