import type { Composite, Spec } from './op.ts';
import type { Primitive } from './primitives/attributes.ts';

/** The name of a value in a graph: its place in {@link Graph.values}. */
export type ValueId = number;

/** One operation of a graph. */
export interface Node {
  readonly op: Primitive | Composite<unknown>;
  readonly attributes: unknown;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** Nodes of different regions are never merged: what a checkpoint recomputes stays recomputed. */
  readonly region?: number;
  /** Where in the user's model the call was made, for messages and profiles. */
  readonly scope?: string;
}

/** A program without control flow: each value is an input or the output of one node, and nodes are in order. */
export interface Graph {
  readonly values: readonly Spec[];
  readonly inputs: readonly ValueId[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly ValueId[];
}

/** The name of an op, primitive or composite. */
export function opName(op: Primitive | Composite<unknown>): string {
  return typeof op === 'string' ? op : op.name;
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
