import {
  bytesPerElement,
  contiguousView,
  type DType,
  type Graph,
  isContiguous,
  liveNodes,
  type Node,
  type PrimitiveRow,
  primitives,
  sizeOf,
  type Spec,
  type ValueId,
  type View,
} from '@tessera/core';
import { summedAsTheyLie } from './layout.ts';

/** The part of a graph that depends on nothing that changes, and the rest. */
export interface Separated {
  /** The rest: its last inputs are what {@link constants} gives. */
  readonly graph: Graph;
  /** What is computed once: vectors, one of each dtype, in which the constants lie one after another. */
  readonly constants: Graph;
}

/** Values that take more than this are computed where they are needed: 1 MiB. */
const MOST_BYTES = 2 ** 20;

/**
 * Takes out of a graph what depends on `fixed` inputs alone, or on none: numbers, tables made while tracing. Undefined where there is
 * nothing to take out.
 */
export function separateConstants(graph: Graph, fixed: readonly ValueId[]): Separated | undefined {
  const values: Spec[] = [...graph.values];
  const constant = new Set(fixed);
  const producers = new Map<ValueId, Node>();
  for (const node of graph.nodes) {
    for (const id of node.outputs) producers.set(id, node);
    if (node.inputs.every((id) => constant.has(id))) for (const id of node.outputs) constant.add(id);
  }
  const bytesOf = (id: ValueId): number => sizeOf(values[id]!.shape) * bytesPerElement(values[id]!.dtype);
  /** A value as a view of what it can be seen in without a copy, and the size of that; `free` where that is not the value itself. */
  const viewOf = (id: ValueId): { view: View; size: number; free: boolean } => {
    const { shape } = values[id]!;
    const node = producers.get(id);
    const row = node && typeof node.op === 'string' ? (primitives[node.op] as PrimitiveRow<unknown>) : undefined;
    const from = row?.view && viewOf(node!.inputs[0]!);
    const view = from && row!.view!(from.view, node!.attributes);
    return view ? { view, size: from.size, free: true } : { view: contiguousView(shape), size: sizeOf(shape), free: false };
  };
  const summed = summedAsTheyLie(graph);
  /** What repeats what it is made of, is that under another shape, or must lie as it does, stays where it is. */
  const isOnlyView = (id: ValueId): boolean => {
    const { view, size, free } = viewOf(id);
    return free && (size < sizeOf(view.shape) || isContiguous(view) || summed.has(id));
  };
  const isKept = (id: ValueId): boolean => {
    const node = producers.get(id);
    return constant.has(id) && node !== undefined && !isOnlyView(id) && node.outputs.every((output) => bytesOf(output) <= MOST_BYTES);
  };

  // From the outputs back: the first constants that are met are kept, and what makes them is needed no more.
  const kept = new Set<ValueId>();
  const need = (id: ValueId): boolean => {
    if (!isKept(id)) return true;
    kept.add(id);
    return false;
  };
  const needed = new Set(graph.outputs.filter(need));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    nodes.push(node);
    for (const id of node.inputs) if (need(id)) needed.add(id);
  }
  if (kept.size === 0) return undefined;

  const newValue = (spec: Spec): ValueId => values.push(spec) - 1;
  const packing: Node[] = [];
  const unpacking: Node[] = [];
  const pack = (dtype: DType, ids: readonly ValueId[]): ValueId => {
    let start = 0;
    const total = ids.reduce((sum, id) => sum + sizeOf(values[id]!.shape), 0);
    const vector = newValue({ shape: [total], dtype });
    const pieces = ids.map((id): ValueId => {
      const { shape } = values[id]!;
      const size = sizeOf(shape);
      const [flat, part] = [newValue({ shape: [size], dtype }), newValue({ shape: [size], dtype })];
      packing.push({ op: 'reshape', inputs: [id], outputs: [flat], attributes: { shape: [size] } });
      unpacking.push(
        { op: 'slice', inputs: [vector], outputs: [part], attributes: { starts: [start], steps: [1], shape: [size] } },
        { op: 'reshape', inputs: [part], outputs: [id], attributes: { shape } },
      );
      start += size;
      return flat;
    });
    packing.push({ op: 'concat', inputs: pieces, outputs: [vector], attributes: { axis: 0 } });
    return vector;
  };
  const dtypes = new Set([...kept].map((id) => values[id]!.dtype));
  const vectors = [...dtypes].map((dtype) =>
    pack(
      dtype,
      // Numbers come last, so that tables begin at even addresses.
      [...kept].filter((id) => values[id]!.dtype === dtype).sort((a, b) => bytesOf(b) - bytesOf(a)),
    ),
  );
  const made = { values, inputs: fixed, nodes: [...graph.nodes, ...packing], outputs: vectors };
  return {
    graph: { values, inputs: [...graph.inputs, ...vectors], nodes: [...unpacking, ...nodes.reverse()], outputs: graph.outputs },
    constants: { ...made, nodes: liveNodes(made) },
  };
}
