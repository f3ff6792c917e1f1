import { composites, formatShape, type FusedAttributes, opName, type Plan, type PlanOperand, type Step } from '@tessera/core';

/** A plan in words: a line for each step, and what it needs of memory. */
export function describePlan(plan: Plan): string {
  const lines = plan.steps.map((step, i) => `${String(i).padStart(4)}  ${describeStep(plan, step)}`);
  const summary = `${plan.steps.length} steps, ${plan.slots.length} slots, ${plan.peakBytes} bytes of temporaries`;
  return [summary, ...lines].join('\n');
}

function describeStep(plan: Plan, step: Step): string {
  const name = (operand: PlanOperand): string => {
    const { role, slot } = plan.buffers[operand.buffer]!;
    const place = role === 'temporary' ? `slot ${slot}` : `${role} ${operand.buffer}`;
    return `${formatShape(operand.view.shape)} (${place})`;
  };
  const body = step.body ? ` over ${step.body.steps.length} steps` : '';
  const at = step.scope ? `  at ${step.scope}` : '';
  return `${step.outputs.map(name).join(', ')} = ${nameOf(step)}${body} ${step.inputs.map(name).join(', ')}${at}`;
}

function nameOf({ op, attributes }: Step): string {
  if (op !== composites.fused.name) return op;
  return `${op}(${(attributes as FusedAttributes).instructions.map((instruction) => opName(instruction.op)).join(', ')})`;
}
