import { type Graph, liveNodes, type ValueId } from '@tessera/core';

/** The graph without nodes on which no output depends. */
export function withoutDead(graph: Graph): Graph {
  return { ...graph, nodes: liveNodes(graph) };
}

/** The values that nodes or the caller take. */
export function usedValues({ nodes, outputs }: Graph): ReadonlySet<ValueId> {
  return new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
}
