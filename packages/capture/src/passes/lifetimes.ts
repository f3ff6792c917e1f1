import { bytesPerElement, type Graph, type Node, type PrimitiveRow, primitives, sizeOf, type ValueId } from '@tessera/core';
import { isView } from './layout.ts';

/** A value's memory: what views of it share. */
interface Lifetime {
  /** The places of the nodes that make it and that last need it. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/** When the memory of values is needed, as the order of nodes has it. */
export interface Lifetimes {
  /** The value that a value is a view of, or itself. */
  baseOf(id: ValueId): ValueId;
  /** Whether a value lies in memory; those inside of fused nodes do not. */
  exists(id: ValueId): boolean;
  /** Those of temporaries: neither inputs nor outputs of the graph. */
  readonly temporaries: ReadonlyMap<ValueId, Lifetime>;
  /** The node at which temporaries take the most, an output counted as over an input of its size that dies there. */
  readonly peak: number;
}

/** Works out when memory is needed, taking every view as free. */
export function lifetimesOf({ nodes, values, inputs, outputs }: Graph): Lifetimes {
  const bases = new Map<ValueId, ValueId>();
  const baseOf = (id: ValueId): ValueId => bases.get(id) ?? id;
  const spans = new Map<ValueId, { first: number; last: number; bytes: number }>();
  nodes.forEach((node, at) => {
    for (const id of node.inputs) {
      const span = spans.get(baseOf(id));
      if (span) span.last = at;
    }
    for (const id of node.outputs) {
      if (isView(node)) bases.set(id, baseOf(node.inputs[0]!));
      else spans.set(id, { first: at, last: at, bytes: sizeOf(values[id]!.shape) * bytesPerElement(values[id]!.dtype) });
    }
  });
  const existing = new Set([...inputs, ...spans.keys()]);
  for (const id of [...inputs, ...outputs]) spans.delete(baseOf(id));
  const change = new Array<number>(nodes.length + 1).fill(0);
  for (const { first, last, bytes } of spans.values()) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let [peak, most, live] = [0, 0, 0];
  nodes.forEach((node, at) => {
    live += change[at]!;
    const dying = node.inputs.reduce((sum, id) => {
      const span = spans.get(baseOf(id));
      return sum + (span && span.last === at ? span.bytes : 0);
    }, 0);
    const made = node.outputs.reduce((sum, id) => sum + (spans.get(id)?.bytes ?? 0), 0);
    const taken = live - (isOverwriting(node) ? Math.min(dying, made) : 0);
    if (taken > most) [peak, most] = [at, taken];
  });
  return { baseOf, exists: (id) => existing.has(id), temporaries: spans, peak };
}

function isOverwriting({ op }: Node): boolean {
  const row = typeof op === 'string' ? (primitives[op] as PrimitiveRow<unknown>) : op;
  return row.elementwise === true || row.overwrites !== undefined;
}
