import type { FusedAttributes } from '../composites/fused.ts';
import { opName } from '../graph.ts';
import { formatShape } from '../shape.ts';
import { isContiguous } from '../view.ts';
import { bytesPerElement } from '../dtype.ts';
import type { Plan, PlanOperand, Step } from './plan.ts';

type Described = Omit<Plan, 'describe'>;

/** A plan in words: what it needs of memory, and a line for each step with the bytes of temporaries that are needed during it. */
export function describePlan(plan: Described): string {
  const slots = plan.slots.length > 1 ? ` in ${plan.slots.length} slots` : '';
  const summary = `${plan.steps.length} steps, ${plan.peakBytes} bytes of temporaries${slots}`;
  return [summary, ...linesOf(plan)].join('\n');
}

function linesOf(plan: Described): string[] {
  return plan.steps.flatMap((step, i) => {
    const live = plan.buffers.reduce(
      (sum, { role, first, last, byteLength }) => sum + (role === 'temporary' && first <= i && i <= last ? byteLength : 0),
      0,
    );
    const line = `${String(i).padStart(4)} ${String(live).padStart(10)}  ${describeStep(plan, step)}`;
    return [line, ...(step.body ? linesOf(step.body).map((inner) => `      ${inner}`) : [])];
  });
}

function describeStep(plan: Described, step: Step): string {
  const name = (operand: PlanOperand): string => {
    const strided = isContiguous(operand.view) ? '' : ', strided';
    return `${formatShape(operand.view.shape)} (${placeOf(plan, operand)}${strided})`;
  };
  const inPlace = step.outputs.some((output) =>
    step.inputs.some((input) => input.buffer === output.buffer && input.view.offset === output.view.offset),
  );
  const loop = step.body ? ` over ${step.body.steps.length} steps` : '';
  const at = step.scope ? `  at ${step.scope}` : '';
  const inputs = step.inputs.map((input) => ` ${name(input)}`).join(',');
  return `${step.outputs.map(name).join(', ')} = ${nameOf(step)}${loop}${inputs}${inPlace ? '  in place' : ''}${at}`;
}

/** What an operand is a part of, and from which byte on where not from the start. */
function placeOf({ buffers, inputs, outputs }: Described, { buffer, dtype, view }: PlanOperand): string {
  const { role, byteOffset = 0 } = buffers[buffer]!;
  const callers = [
    ['output', outputs],
    ['input', inputs],
  ] as const;
  const names = callers.flatMap(([caller, operands]) => {
    const at = operands.findIndex((operand) => operand.buffer === buffer);
    return at < 0 ? [] : [`${caller} ${at}`];
  });
  const name = role === 'temporary' ? `t${buffer}` : names.join(' over ');
  const from = view.offset * bytesPerElement(dtype) - byteOffset;
  return from === 0 ? name : `${name} from ${from}`;
}

function nameOf({ op, attributes }: Step): string {
  if (op !== 'fused') return op;
  return `${op}(${(attributes as FusedAttributes).instructions.map((instruction) => opName(instruction.op)).join(', ')})`;
}
