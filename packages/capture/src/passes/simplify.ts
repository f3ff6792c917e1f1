import {
  broadcastShapes,
  type Graph,
  type Node,
  opName,
  type PrimitiveRow,
  primitives,
  sameShape,
  sizeOf,
  type Spec,
  type ValueId,
} from '@tessera/core';
import { attributesOf, type Context, identities } from './identities.ts';
import { addViews, sameLayout, summedAsTheyLie, viewsOf } from './layout.ts';

/**
 * Takes out what changes no bit of any result: ×1, − −x, views of views, selections by a constant. Constants become one element and a
 * broadcast, and element-wise ops take what was broadcast for them as it was, so that nothing is spread out in memory first.
 */
export function simplify(graph: Graph): Graph {
  const values: Spec[] = [...graph.values];
  const nodes: Node[] = [];
  const producers = new Map<ValueId, Node>();
  const replacement = new Map<ValueId, ValueId>();
  const resolve = (id: ValueId): ValueId => replacement.get(id) ?? id;
  const summed = summedAsTheyLie(graph);
  const eager = viewsOf(graph);
  const views = viewsOf({ ...graph, nodes: [] });
  const context: Context = {
    specOf: (id) => values[id]!,
    producerOf: (id) => producers.get(id),
    constantOf(id) {
      const node = producers.get(id);
      if (node?.op === 'fill') return attributesOf('fill', node).value;
      return node?.op === 'broadcast' || node?.op === 'reshape' ? context.constantOf(node.inputs[0]!) : undefined;
    },
  };
  const newValue = (spec: Spec): ValueId => values.push(spec) - 1;
  const broadcastOf = (node: Node, x: ValueId): Node => {
    const { shape } = values[node.outputs[0]!]!;
    return { ...node, op: 'broadcast', inputs: [x], attributes: { shape } };
  };

  /** The value that stands for a node's, or the nodes, or nothing where it is as simple as can be. */
  const simpler = (node: Node): ValueId | Node[] | undefined => {
    let form = node;
    let found = identities[opName(node.op)]?.(node, context);
    // A rule may find another for what it leaves.
    while (typeof found === 'object') {
      form = { ...form, ...found };
      found = identities[opName(form.op)]?.(form, context);
    }
    const spec = values[node.outputs[0]!]!;
    if (found !== undefined) return sameShape(values[found]!.shape, spec.shape) ? found : [broadcastOf(node, found)];
    if (form !== node) return [form];
    if (node.op === 'fill' && spec.shape.length > 0) {
      const one = newValue({ shape: [], dtype: spec.dtype });
      return [{ ...node, outputs: [one], attributes: { ...attributesOf('fill', node), shape: [] } }, broadcastOf(node, one)];
    }
    if (!broadcasts(node)) return undefined;
    const inputs = node.inputs.map((id) => beforeBroadcast(id, context));
    const shape = broadcastShapes(opName(node.op), ...inputs.map((id) => values[id]!.shape));
    if (sameShape(shape, spec.shape)) return [{ ...node, inputs }];
    if (sizeOf(shape) >= sizeOf(spec.shape)) return undefined;
    const small = newValue({ shape, dtype: spec.dtype });
    return [{ ...node, inputs, outputs: [small] }, broadcastOf(node, small)];
  };

  for (const given of graph.nodes) {
    const node: Node = { ...given, inputs: given.inputs.map(resolve) };
    const [id] = node.outputs as [ValueId];
    let form = simpler(node) ?? [node];
    if (typeof form !== 'number') for (const made of form) addViews(views, made, values);
    const lies = views.get(typeof form === 'number' ? form : id)!;
    if (summed.has(id) && !sameLayout(lies, eager.get(id)!)) {
      form = [node];
      addViews(views, node, values);
    }
    if (typeof form === 'number') {
      replacement.set(id, form);
      continue;
    }
    for (const made of form) {
      nodes.push(made);
      for (const output of made.outputs) producers.set(output, made);
    }
  }
  return { values, inputs: graph.inputs, nodes, outputs: graph.outputs.map(resolve) };
}

/** Whether a node takes inputs that broadcast, element by element; of composites only those of one input are known to. */
function broadcasts({ op, inputs }: Node): boolean {
  return typeof op === 'string'
    ? (primitives[op] as PrimitiveRow<unknown>).elementwise === true
    : op.elementwise === true && inputs.length === 1;
}

/** What a value was broadcast from, or itself. */
function beforeBroadcast(id: ValueId, { producerOf }: Context): ValueId {
  const node = producerOf(id);
  return node?.op === 'broadcast' ? node.inputs[0]! : id;
}
