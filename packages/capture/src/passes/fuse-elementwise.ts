import {
  type FusedAttributes,
  type Graph,
  type Node,
  type PrimitiveRow,
  primitives,
  sameShape,
  type Shape,
  sizeOf,
  type ValueId,
} from '@tessera/core';
import * as composites from '@tessera/core/composites';

/** Nodes that become one, the last of the graph first: the group takes its place. */
interface Group {
  readonly members: number[];
  /** How many elements the rows have that its inputs repeat; 0 where there are none. */
  row: number;
}

const MOST_INSTRUCTIONS = 32;
const LONGEST_ROW = 1024;
const computed: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

/**
 * Makes one node of element-wise nodes: each joins the first of its consumers if that is such a node. It is then computed where that
 * group's last node stands, so it may only join where all others who need it come later.
 */
export function fuseElementwise(graph: Graph): Graph {
  const { nodes, values } = graph;
  const consumers = new Map<ValueId, number[]>();
  nodes.forEach(({ inputs }, at) => {
    for (const id of inputs) consumers.set(id, [...(consumers.get(id) ?? []), at]);
  });
  const groupOf = new Map<number, Group>();

  const shapeOf = (at: number): Shape => values[nodes[at]!.outputs[0]!]!.shape;
  /** The group of the consumer that comes first; positions of consumers are settled, as nodes are gone over from the last. */
  const absorber = (at: number): Group | undefined => {
    const users = consumers.get(nodes[at]!.outputs[0]!) ?? [];
    const position = (user: number): number => groupOf.get(user)?.members[0] ?? user;
    const earliest = Math.min(...users.map(position));
    const group = groupOf.get(earliest);
    if (!group || group.members.length >= MOST_INSTRUCTIONS) return undefined;
    return sameShape(shapeOf(at), shapeOf(earliest)) ? group : undefined;
  };
  for (let at = nodes.length - 1; at >= 0; at--) {
    const row = rowOf(graph, nodes[at]!);
    if (row === undefined) continue;
    const group = absorber(at);
    if (group && (row === 0 || group.row === 0 || row === group.row)) {
      group.members.push(at);
      group.row ||= row;
      groupOf.set(at, group);
    } else {
      groupOf.set(at, { members: [at], row });
    }
  }
  const needed = new Set(graph.outputs);
  const fusedNodes = nodes.flatMap((node, at): Node[] => {
    const group = groupOf.get(at);
    if (!group || group.members.length === 1) return [node];
    if (group.members[0] !== at) return [];
    const leaves = (id: ValueId): boolean => needed.has(id) || (consumers.get(id) ?? []).some((user) => groupOf.get(user) !== group);
    return [fuse(graph, [...group.members].reverse(), leaves)];
  });
  return { ...graph, nodes: fusedNodes };
}

/** The length of the rows that an element-wise node's inputs repeat (0: none); `undefined` for a node that is not to be fused. */
function rowOf({ values }: Graph, { op, inputs, outputs }: Node): number | undefined {
  const { elementwise, movesBytes } = typeof op === 'string' ? (primitives[op] as PrimitiveRow<unknown>) : { ...op, movesBytes: undefined };
  if (!elementwise || (movesBytes && op !== 'select')) return undefined;
  const { shape, dtype } = values[outputs[0]!]!;
  if (!computed.has(dtype)) return undefined;
  let row = 0;
  for (const id of inputs) {
    const length = repeatedRow(values[id]!.shape, shape);
    if (length === undefined || (row !== 0 && length !== 0 && length !== row) || length > LONGEST_ROW) return undefined;
    row ||= length;
  }
  return row;
}

/** 0 for a shape that is the output's or one element; the number of elements where it is the output's last axes. */
function repeatedRow(shape: Shape, output: Shape): number | undefined {
  if (sizeOf(shape) === 1 || sameShape(shape, output)) return 0;
  const first = shape.findIndex((length) => length !== 1);
  const tail = shape.slice(first);
  return sameShape(tail, output.slice(output.length - tail.length)) ? sizeOf(tail) : undefined;
}

/** The nodes as one; `leaves` tells of a value whether others need it. */
function fuse({ nodes, values }: Graph, members: readonly number[], leaves: (id: ValueId) => boolean): Node {
  const made = new Map<ValueId, number>();
  const inputs: ValueId[] = [];
  const results = members.map((at) => nodes[at]!.outputs[0]!);
  const inside = new Set(results);
  for (const at of members) for (const id of nodes[at]!.inputs) if (!inside.has(id) && !inputs.includes(id)) inputs.push(id);
  const instructions = members.map((at, i) => {
    const { op, inputs: given } = nodes[at]!;
    made.set(results[i]!, inputs.length + i);
    return { op, inputs: given.map((id) => made.get(id) ?? inputs.indexOf(id)), dtype: values[results[i]!]!.dtype };
  });
  const outputs = results.flatMap((id, i) => (i === results.length - 1 || leaves(id) ? [i] : []));
  return {
    ...nodes[members.at(-1)!]!,
    op: composites.fused as Node['op'],
    inputs,
    outputs: outputs.map((i) => results[i]!),
    attributes: { instructions, outputs } satisfies FusedAttributes,
  };
}
