import { bytesPerElement } from '../dtype.ts';
import { type Graph, type Node, opName, type ValueId } from '../graph.ts';
import type { PrimitiveRow, Spec } from '../op.ts';
import type { PrimitiveAttributes } from '../primitives/attributes.ts';
import { primitives } from '../primitives/table.ts';
import { sizeOf } from '../shape.ts';
import { contiguousView, isContiguous } from '../view.ts';
import { assignSlots } from './slots.ts';
import type { Plan, PlanBuffer, PlanOperand, Step } from './plan.ts';

type Draft = { -readonly [K in keyof PlanBuffer]: PlanBuffer[K] };

/**
 * Makes a graph linear: movements become views, what a kernel cannot read is copied first, dead nodes are dropped,
 * and temporaries share memory where their lifetimes allow it.
 */
export function lower(graph: Graph): Plan {
  const buffers: Draft[] = [];
  const steps: Step[] = [];
  const operands = new Map<ValueId, PlanOperand>();

  const allocate = ({ shape, dtype }: Spec, role: PlanBuffer['role']): PlanOperand => {
    const byteLength = sizeOf(shape) * bytesPerElement(dtype);
    const at = role === 'input' ? -1 : steps.length;
    const buffer = buffers.push({ byteLength, role, first: at, last: at }) - 1;
    return { buffer, dtype, view: contiguousView(shape) };
  };
  const emit = (step: Step): void => {
    for (const { buffer } of [...step.inputs, ...step.outputs]) buffers[buffer]!.last = steps.length;
    steps.push(step);
  };
  const copy = (from: PlanOperand, role: PlanBuffer['role'], scope?: string): PlanOperand => {
    const to = allocate({ shape: from.view.shape, dtype: from.dtype }, role);
    emit({ op: 'copy', inputs: [from], outputs: [to], attributes: {}, ...(scope === undefined ? {} : { scope }) });
    return to;
  };
  // A kernel that writes an output in place of the caller saves a copy; only what is made by a step qualifies.
  const wanted = new Map<ValueId, number>();
  graph.outputs.forEach((id, i) => wanted.has(id) || wanted.set(id, i));
  const results = new Array<PlanOperand | undefined>(graph.outputs.length);

  const lowerNode = (node: Node): void => {
    const row = (typeof node.op === 'string' ? primitives[node.op] : undefined) as PrimitiveRow<unknown> | undefined;
    const scope = node.scope;
    const inputs = node.inputs.map((id) => operands.get(id)!);
    if (row?.view) {
      const aliased = row.view(inputs[0]!.view, node.attributes);
      const from = aliased ? inputs[0]! : copy(inputs[0]!, 'temporary', scope);
      operands.set(node.outputs[0]!, { ...from, view: aliased ?? row.view(from.view, node.attributes)! });
      return;
    }
    const attributes = node.op === 'fill' ? { ...(node.attributes as object), shape: [] } : node.attributes;
    const composite = typeof node.op === 'string' ? undefined : node.op;
    const strided = row?.strided ?? composite?.strided;
    const repeats = composite?.repeats ?? [];
    const fits = ({ view }: PlanOperand, place: number): boolean =>
      strided || isContiguous(view) || ((repeats === 'all' || repeats.includes(place)) && view.strides.every((stride) => stride === 0));
    const readable = inputs.map((input, place) => (fits(input, place) ? input : copy(input, 'temporary', scope)));
    const outputs = node.outputs.map((id) => {
      const spec = graph.values[id]!;
      if (node.op === 'fill') return allocate({ shape: [], dtype: spec.dtype }, 'temporary');
      const at = wanted.get(id);
      const operand = allocate(spec, at === undefined ? 'temporary' : 'output');
      if (at !== undefined) results[at] = operand;
      return operand;
    });
    const body = node.op === 'scan' ? lower((node.attributes as PrimitiveAttributes['scan']).body) : undefined;
    emit({
      op: opName(node.op),
      inputs: readable,
      outputs,
      attributes,
      ...(body ? { body } : {}),
      ...(scope === undefined ? {} : { scope }),
    });
    node.outputs.forEach((id, i) => {
      const operand = outputs[i]!;
      const { shape } = graph.values[id]!;
      operands.set(id, node.op === 'fill' ? { ...operand, view: { shape, strides: shape.map(() => 0), offset: 0 } } : operand);
    });
  };

  const inputs = graph.inputs.map((id) => {
    const operand = allocate(graph.values[id]!, 'input');
    operands.set(id, operand);
    return operand;
  });
  for (const node of liveNodes(graph)) lowerNode(node);
  const outputs = graph.outputs.map((id, i) => results[i] ?? copy(operands.get(id)!, 'output'));

  const { slots, slotOf } = assignSlots(buffers);
  slotOf.forEach((slot, buffer) => (buffers[buffer]!.slot = slot));
  const bodies = steps.reduce((sum, { body }) => sum + (body?.peakBytes ?? 0), 0);
  const peakBytes = slots.reduce((sum, bytes) => sum + bytes, 0) + bodies;
  return { buffers, steps, inputs, outputs, slots, peakBytes };
}

/** The nodes that an output depends on, in order. */
export function liveNodes(graph: Graph): Node[] {
  const needed = new Set(graph.outputs);
  const live: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((id) => needed.has(id))) continue;
    for (const id of node.inputs) needed.add(id);
    live.push(node);
  }
  return live.reverse();
}
