import { type Graph, type Node, type PrimitiveAttributes, type Spec, type ValueId } from '@tessera/core';
import { mergeCommonSubexpressions } from './common-subexpressions.ts';
import { separateConstants } from './constants.ts';
import { usedValues, withoutDead } from './dead-code.ts';
import { simplify } from './simplify.ts';

/**
 * Simplifies the bodies of loops: what is the same at every turn is made before the loop. `finish` is done to bodies at the end.
 */
export function optimizeLoops(graph: Graph, finish: (body: Graph) => Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'scan')) return graph;
  const values: Spec[] = [...graph.values];
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.op !== 'scan') return [node];
    const attributes = node.attributes as PrimitiveAttributes['scan'];
    const body = mergeCommonSubexpressions(simplify(withoutDead(optimizeLoops(attributes.body, finish))));
    const given = body.inputs.slice(0, attributes.constants);
    const { graph: rest, constants } = separateConstants(body, given) ?? { graph: withoutDead(body), constants: undefined };
    const before = constants ? inline(constants, node, values) : { nodes: [], outputs: [] };
    const added = rest.inputs.slice(body.inputs.length);
    // Constants that were only needed for what is now made before are not handed over.
    const used = usedValues(rest);
    const kept = given.flatMap((id, i) => (used.has(id) ? [{ id, from: node.inputs[i]! }] : []));
    return [
      ...before.nodes,
      {
        ...node,
        inputs: [...kept.map(({ from }) => from), ...before.outputs, ...node.inputs.slice(given.length)],
        attributes: {
          ...attributes,
          constants: kept.length + added.length,
          body: finish({ ...rest, inputs: [...kept.map(({ id }) => id), ...added, ...body.inputs.slice(given.length)] }),
        },
      },
    ];
  });
  return { ...graph, values, nodes };
}

/** The nodes of a graph as nodes of another one, whose values are given; its inputs are the first ones of the loop. */
function inline(graph: Graph, { inputs, scope, region }: Node, values: Spec[]): { nodes: Node[]; outputs: ValueId[] } {
  const names = new Map(graph.inputs.map((id, i) => [id, inputs[i]!]));
  const nodes = graph.nodes.map((node): Node => {
    for (const id of node.outputs) names.set(id, values.push(graph.values[id]!) - 1);
    return {
      op: node.op,
      attributes: node.attributes,
      inputs: node.inputs.map((id) => names.get(id)!),
      outputs: node.outputs.map((id) => names.get(id)!),
      ...(scope === undefined ? {} : { scope }),
      ...(region === undefined ? {} : { region }),
    };
  });
  return { nodes, outputs: graph.outputs.map((id) => names.get(id)!) };
}
