import type { Backend } from '../backend.ts';
import { fused } from '../composites/fused.ts';
import { bytesPerElement } from '../dtype.ts';
import { type Graph, liveNodes, type Node, opName, type ValueId } from '../graph.ts';
import type { Composite, PrimitiveRow, Spec } from '../op.ts';
import type { PrimitiveAttributes } from '../primitives/attributes.ts';
import { primitives } from '../primitives/table.ts';
import { sizeOf } from '../shape.ts';
import { contiguousView, isContiguous } from '../view.ts';
import { computeInPlace } from './in-place.ts';
import { joinPieces } from './join-pieces.ts';
import { place } from './place.ts';
import type { Plan, PlanBuffer, PlanOperand } from './plan.ts';
import type { Program, ProgramStep } from './program.ts';

/**
 * Makes a graph linear: movements become views, what a kernel cannot read is copied first, dead nodes are dropped; pieces of a `concat`
 * are made in their places, steps write over what is needed no more, and temporaries share memory where their lifetimes allow it.
 *
 * `replaces` says of outputs, by place, which inputs they are the next values of: these may be written over.
 */
export function lower(
  graph: Graph,
  { separateBuffers = false }: Pick<Backend, 'separateBuffers'> = {},
  replaces: ReadonlyMap<number, number> = new Map(),
): Plan {
  const joined = joinPieces(linearize(graph, separateBuffers), separateBuffers);
  return place(computeInPlace(joined, separateBuffers, replaces), separateBuffers);
}

/** The steps of a graph over buffers that are written once each. */
function linearize(graph: Graph, separateBuffers: boolean): Program {
  const buffers: { byteLength: number; role: PlanBuffer['role'] }[] = [];
  const steps: ProgramStep[] = [];
  const operands = new Map<ValueId, PlanOperand>();

  const allocate = ({ shape, dtype }: Spec, role: PlanBuffer['role']): PlanOperand => {
    const buffer = buffers.push({ byteLength: sizeOf(shape) * bytesPerElement(dtype), role }) - 1;
    return { buffer, dtype, view: contiguousView(shape) };
  };
  const copy = (id: ValueId, role: PlanBuffer['role'], scope?: string): PlanOperand => {
    const from = operands.get(id)!;
    const to = allocate({ shape: from.view.shape, dtype: from.dtype }, role);
    steps.push({ op: 'copy', inputs: [from], outputs: [to], attributes: {}, overwrites: [[0]], ...(scope === undefined ? {} : { scope }) });
    return to;
  };
  // What several need without gaps is copied once.
  const copies = new Map<ValueId, PlanOperand>();
  const withoutGaps = (id: ValueId, scope?: string): PlanOperand => {
    const made = copies.get(id) ?? copy(id, 'temporary', scope);
    copies.set(id, made);
    return made;
  };
  // A kernel that writes an output in place of the caller saves a copy; only what is made by a step qualifies.
  const wanted = new Map<ValueId, number>();
  graph.outputs.forEach((id, i) => wanted.has(id) || wanted.set(id, i));
  const results = new Array<PlanOperand | undefined>(graph.outputs.length);

  const lowerNode = (node: Node): void => {
    const row = (typeof node.op === 'string' ? primitives[node.op] : node.op) as PrimitiveRow<unknown> & Composite<unknown>;
    const scope = node.scope;
    const inputs = node.inputs.map((id) => operands.get(id)!);
    if (row.view) {
      const aliased = row.view(inputs[0]!.view, node.attributes);
      const from = aliased ? inputs[0]! : withoutGaps(node.inputs[0]!, scope);
      operands.set(node.outputs[0]!, { ...from, view: aliased ?? row.view(from.view, node.attributes)! });
      return;
    }
    const attributes = node.op === 'fill' ? { ...(node.attributes as object), shape: [] } : node.attributes;
    const repeats = row.repeats ?? [];
    const fits = ({ view }: PlanOperand, at: number): boolean =>
      row.strided || isContiguous(view) || ((repeats === 'all' || repeats.includes(at)) && view.strides.every((stride) => stride === 0));
    const readable = inputs.map((input, at) => (fits(input, at) ? input : withoutGaps(node.inputs[at]!, scope)));
    const outputs = node.outputs.map((id) => {
      const spec = graph.values[id]!;
      if (node.op === 'fill') return allocate({ shape: [], dtype: spec.dtype }, 'temporary');
      const at = wanted.get(id);
      const operand = allocate(spec, at === undefined ? 'temporary' : 'output');
      if (at !== undefined) results[at] = operand;
      return operand;
    });
    const body = node.op === 'scan' ? lower((node.attributes as PrimitiveAttributes['scan']).body, { separateBuffers }) : undefined;
    const all = readable.map((_, at) => at);
    const overwrites = row.elementwise ? [all] : row.overwrites?.(attributes, inputs.length);
    const isElementwise = row.elementwise === true || node.op === fused;
    steps.push({
      op: opName(node.op),
      inputs: readable,
      outputs,
      attributes,
      overwrites: isElementwise || !separateBuffers ? overwrites : undefined,
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
  const outputs = graph.outputs.map((id, i) => results[i] ?? copy(id, 'output'));
  return { buffers, steps, inputs, outputs };
}
