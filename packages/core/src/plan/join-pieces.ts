import { bytesPerElement } from '../dtype.ts';
import type { PrimitiveAttributes } from '../primitives/attributes.ts';
import { contiguousView, isContiguous } from '../view.ts';
import type { PlanOperand, Step } from './plan.ts';
import { isWhole, moveBuffers, type Program, type ProgramStep } from './program.ts';

/**
 * Lets the pieces of a `concat` be written where they belong in its result by the steps that make them, so that nothing is copied.
 * That goes for pieces that are temporaries of their own, in results where pieces lie one after another: along the leading axis.
 *
 * `separate` forbids what would have a step write into a buffer of which it uses another part.
 */
export function joinPieces(program: Program, separate: boolean): Program {
  const moves = new Map<number, { buffer: number; byteOffset: number }>();
  const groups = new Map<number, readonly number[]>();
  const removed = new Set<Step>();
  const steps = program.steps.flatMap((step): ProgramStep[] => {
    const places = step.op === 'concat' ? placesOf(step) : [];
    if (places.length === 0 || !places.every(({ view }) => isContiguous(view))) return [step];
    const [{ buffer: whole, dtype }] = step.outputs as [PlanOperand];
    const group = new Set([whole]);
    const copies: ProgramStep[] = [];
    step.inputs.forEach((piece, i) => {
      const { buffer } = piece;
      const candidates = groups.get(buffer) ?? [buffer];
      const free = program.buffers[buffer]!.role === 'temporary' && !moves.has(buffer) && isWhole(program, piece);
      if (free && !(separate && meets(program, new Set([...group, ...candidates]), new Set([...removed, step])))) {
        moves.set(buffer, { buffer: whole, byteOffset: places[i]!.view.offset * bytesPerElement(dtype) });
        for (const candidate of candidates) group.add(candidate);
      } else {
        copies.push({ ...step, op: 'copy', attributes: {}, overwrites: undefined, inputs: [piece], outputs: [places[i]!] });
      }
    });
    const elided = copies.length < places.length && !(separate && copies.some(({ inputs: [piece] }) => group.has(piece!.buffer)));
    if (!elided) {
      for (const buffer of group) if (moves.get(buffer)?.buffer === whole) moves.delete(buffer);
      return [step];
    }
    groups.set(whole, [...group]);
    removed.add(step);
    return copies;
  });
  return moveBuffers({ ...program, steps }, moves);
}

/** Where the pieces of a `concat` go. */
function placesOf({ inputs, outputs, attributes }: Step): PlanOperand[] {
  const [whole] = outputs as [PlanOperand];
  const { axis } = attributes as PrimitiveAttributes['concat'];
  const { strides } = whole.view;
  let { offset } = whole.view;
  return inputs.map(({ view: { shape } }) => {
    const view = { shape, strides, offset };
    offset += shape[axis]! * strides[axis]!;
    return { ...whole, view: isContiguous(view) ? contiguousView(shape, view.offset) : view };
  });
}

/** Whether a step that writes into one of these buffers uses another of them. */
function meets({ steps }: Program, group: ReadonlySet<number>, without: ReadonlySet<Step>): boolean {
  const inside = ({ buffer }: PlanOperand): boolean => group.has(buffer);
  return steps.some((step) => {
    if (without.has(step)) return false;
    const written = step.outputs.filter(inside).length;
    return written > 1 || (written === 1 && step.inputs.some(inside));
  });
}
