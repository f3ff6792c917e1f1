import { contiguousView, type Graph, type Node, type PrimitiveRow, primitives, type Spec, type ValueId, type View } from '@tessera/core';

/** Whether a node only sees its input otherwise. */
export function isView({ op }: Node): boolean {
  return typeof op === 'string' && (primitives[op] as PrimitiveRow<unknown>).view !== undefined;
}

/**
 * The values, or views of which, are summed as they lie in memory: kernels may add in another order where strides are others, so that
 * the last bits depend on them. These must lie in captured code as they do in eager code.
 */
export function summedAsTheyLie({ nodes }: Graph): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  for (const node of [...nodes].reverse()) {
    const sums = isView(node) ? node.outputs.some((id) => found.has(id)) : readsStridesToSum(node);
    if (sums) for (const id of node.inputs) found.add(id);
  }
  return found;
}

function readsStridesToSum({ op }: Node): boolean {
  if (typeof op !== 'string') return op.strided === true && op.elementwise !== true;
  const { strided, elementwise, movesBytes } = primitives[op] as PrimitiveRow<unknown>;
  return strided === true && elementwise !== true && movesBytes !== true;
}

/** How values lie in memory, as ops that are called one by one leave them. */
export function viewsOf({ nodes, values, inputs }: Graph): Map<ValueId, View> {
  const views = new Map(inputs.map((id) => [id, contiguousView(values[id]!.shape)]));
  for (const node of nodes) addViews(views, node, values);
  return views;
}

/** Adds how a node's outputs lie: as kernels write them, or for a view as its input lets them. */
export function addViews(views: Map<ValueId, View>, node: Node, values: readonly Spec[]): void {
  for (const id of node.outputs) {
    const { shape } = values[id]!;
    if (node.op === 'fill') views.set(id, { shape, strides: shape.map(() => 0), offset: 0 });
    else if (isView(node)) {
      const view = (primitives[node.op as 'reshape'] as PrimitiveRow<unknown>).view!;
      const from = views.get(node.inputs[0]!)!;
      views.set(id, view(from, node.attributes) ?? view(contiguousView(from.shape), node.attributes)!);
    } else views.set(id, contiguousView(shape));
  }
}

/** Whether elements follow one another alike. */
export function sameLayout(a: View, b: View): boolean {
  return a.shape.every((length, axis) => length === 1 || a.strides[axis] === b.strides[axis]);
}
