import { bytesPerElement } from '../dtype.ts';
import type { PrimitiveAttributes } from '../primitives/attributes.ts';
import { placeInArena, type Span } from './arena.ts';
import { describePlan } from './describe.ts';
import type { Plan, PlanBuffer, PlanOperand, Step } from './plan.ts';
import { lifetimes, type Program } from './program.ts';
import { assignSlots } from './slots.ts';

/** Gives the temporaries of a program their places: all in one arena, or where buffers must be separate each in a slot. */
export function place(program: Program, separate: boolean): Plan {
  const spans = lifetimes(program);
  const temporaries = program.buffers.flatMap(({ role, byteLength }, buffer) =>
    role === 'temporary' ? [{ buffer, byteLength, ...spans[buffer]! }] : [],
  );
  const { slots, placeOf } = separate ? inSlots(temporaries) : inArena(temporaries);
  const buffers = program.buffers.map(
    ({ byteLength, role }, buffer): PlanBuffer => ({ byteLength, role, ...spans[buffer]!, ...placeOf.get(buffer) }),
  );
  const operand = (x: PlanOperand): PlanOperand => {
    const { byteOffset = 0 } = buffers[x.buffer]!;
    return byteOffset === 0 ? x : { ...x, view: { ...x.view, offset: x.view.offset + byteOffset / bytesPerElement(x.dtype) } };
  };
  const steps = program.steps.map(
    ({ overwrites: _, ...step }): Step => ({ ...step, inputs: step.inputs.map(operand), outputs: step.outputs.map(operand) }),
  );
  const peakBytes = slots.reduce((sum, bytes) => sum + bytes, 0) + steps.reduce((sum, step) => sum + bytesOfLoop(step), 0);
  const plan = { buffers, steps, inputs: program.inputs, outputs: program.outputs, slots, peakBytes };
  return { ...plan, describe: () => describePlan(plan) };
}

/** What a loop needs beside its inputs and outputs: a copy of what its body is given and gives, the carry twice, and the body's own. */
function bytesOfLoop({ body, attributes }: Step): number {
  if (!body) return 0;
  const { constants, carry } = attributes as PrimitiveAttributes['scan'];
  const sizes = (operands: readonly PlanOperand[]): number =>
    operands.reduce((sum, { buffer }) => sum + body.buffers[buffer]!.byteLength, 0);
  const elements = sizes(body.inputs.slice(0, constants)) + sizes(body.inputs.slice(constants + carry));
  return body.peakBytes + elements + sizes(body.outputs) + sizes(body.outputs.slice(0, carry));
}

type Temporary = Span & { readonly buffer: number };
type Places = { slots: readonly number[]; placeOf: ReadonlyMap<number, { slot: number; byteOffset: number }> };

function inArena(temporaries: readonly Temporary[]): Places {
  const { offsets, byteLength } = placeInArena(temporaries);
  const placeOf = new Map(temporaries.map(({ buffer }, i) => [buffer, { slot: 0, byteOffset: offsets[i]! }]));
  return { slots: temporaries.length > 0 ? [byteLength] : [], placeOf };
}

function inSlots(temporaries: readonly Temporary[]): Places {
  const { slots, slotOf } = assignSlots(temporaries);
  const placeOf = new Map(temporaries.map(({ buffer }, i) => [buffer, { slot: slotOf[i]!, byteOffset: 0 }]));
  return { slots, placeOf };
}
