import { type Graph, type Node, opName, OutOfMemoryError, type Plan, sizeOf, type ValueId } from '@tessera/core';
import { isView } from './layout.ts';
import { type Lifetimes, lifetimesOf } from './lifetimes.ts';

/** A graph as it will run, and its plan. */
export interface Planned {
  readonly graph: Graph;
  readonly plan: Plan;
}

/**
 * A plan that takes no more than a limit of memory for temporaries: as long as it takes more, the value that is waiting during the peak
 * and frees the most for what it costs is computed again where it is needed next. The same ops on the same inputs give the same bits;
 * random draws have their key and counter among these.
 *
 * @throws OutOfMemoryError where nothing is left that would help.
 * @see Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost". https://arxiv.org/abs/1604.06174
 */
export function fitMemory(graph: Graph, limit: number, planOf: (graph: Graph) => Planned): Planned {
  let current = graph;
  let planned = planOf(graph);
  let least = planned.plan.peakBytes;
  const done = new Set<ValueId>();
  while (planned.plan.peakBytes > limit) {
    const next = recomputeOne(current, planned.graph, done);
    if (!next) {
      throw new OutOfMemoryError(
        `[capture] temporaries must fit the memory limit: needs ${least} bytes, the limit is ${limit}. Use smaller batches, or raise memoryLimit.`,
      );
    }
    current = next;
    planned = planOf(next);
    least = Math.min(least, planned.plan.peakBytes);
  }
  return planned;
}

/** The nodes that compute a value again, and what that is good for. */
interface Choice {
  /** The place of the first node that needs it after the peak. */
  readonly at: number;
  readonly late: ReadonlySet<number>;
  /** The nodes to do again, by their places, in order. */
  readonly again: readonly number[];
  readonly score: number;
}

/** The graph with one value of the peak computed again after it; `undefined` where there is none. `final` is how it will run. */
function recomputeOne(graph: Graph, final: Graph, done: Set<ValueId>): Graph | undefined {
  const lifetimes = lifetimesOf(final);
  const { peak, temporaries } = lifetimes;
  const places = placesIn(final, graph);
  const atPeak = new Set(final.nodes[peak]?.inputs.map((id) => lifetimes.baseOf(id)));
  let best: Choice | undefined;
  for (const [id, { first, last }] of temporaries) {
    if (first >= peak || last <= peak || atPeak.has(id)) continue;
    const choice = choose(graph, id, lifetimes, places);
    const isNew = choice && !choice.again.some((place) => graph.nodes[place]!.outputs.some((output) => done.has(output)));
    if (isNew && choice.score > (best?.score ?? 0)) best = choice;
  }
  return best && rewrite(graph, best, done);
}

/** Where the nodes of a graph run, as nodes of the graph that is made of it: inside of groups at the place of these. */
function placesIn(final: Graph, { nodes }: Graph): number[] {
  const placeOf = new Map<ValueId, number>();
  final.nodes.forEach(({ outputs }, at) => {
    for (const id of outputs) placeOf.set(id, at);
  });
  const places = new Array<number>(nodes.length).fill(-1);
  for (let at = nodes.length - 1; at >= 0; at--) {
    const { inputs, outputs } = nodes[at]!;
    places[at] = Math.max(...outputs.map((id) => placeOf.get(id) ?? -1));
    for (const id of inputs) if (!placeOf.has(id)) placeOf.set(id, places[at]!);
  }
  return places;
}

function choose(
  graph: Graph,
  value: ValueId,
  { baseOf, exists, temporaries, peak }: Lifetimes,
  places: readonly number[],
): Choice | undefined {
  const { nodes, values } = graph;
  const makers = new Map(nodes.flatMap(({ outputs }, at) => outputs.map((id) => [id, at] as const)));
  const late = new Set(
    nodes.flatMap((node, at) => (places[at]! > peak && !isView(node) && node.inputs.some((id) => baseOf(id) === value) ? [at] : [])),
  );
  if (late.size === 0) return undefined;
  const soonest = Math.min(...[...late].map((user) => places[user]!));
  const { bytes } = temporaries.get(value)!;
  const again = new Set<number>();
  const kept = new Set<ValueId>();
  let cost = 0;
  const visit = (id: ValueId): boolean => {
    const base = baseOf(id);
    const span = temporaries.get(base);
    if (base !== value && exists(base)) {
      if (span === undefined || span.last >= soonest) return true;
      // What is small is rather kept than computed again.
      if (span.bytes * SMALL <= bytes) {
        kept.add(base);
        return true;
      }
    }
    const maker = makers.get(id)!;
    if (again.has(maker)) return true;
    const node = nodes[maker]!;
    if (again.size >= MOST_NODES || node.op === 'scan') return false;
    again.add(maker);
    cost += costOf(node, values);
    return node.inputs.every(visit);
  };
  // The views through which it is needed are made anew as well.
  const needed = [...late].flatMap((place) => nodes[place]!.inputs.filter((id) => baseOf(id) === value));
  if (!needed.every(visit)) return undefined;
  const freed = [...kept].reduce((sum, base) => sum - temporaries.get(base)!.bytes, bytes);
  return { at: Math.min(...late), late, again: [...again].sort((a, b) => a - b), score: freed / (cost + 1) };
}

const SMALL = 4;
const MOST_NODES = 24;

/** Operations that a node takes, roughly. */
function costOf(node: Node, values: Graph['values']): number {
  const sizes = (ids: readonly ValueId[]): number => ids.reduce((sum, id) => sum + sizeOf(values[id]!.shape), 0);
  const made = sizes(node.outputs);
  const op = opName(node.op);
  if (isView(node)) return 0;
  const shape = values[node.inputs[1] ?? node.inputs[0] ?? node.outputs[0]!]!.shape;
  if (op === 'matmul') return made * shape.at(-2)!;
  if (op.startsWith('convolution')) return (made * sizeOf(shape)) / shape.at(-1)!;
  return (made + sizes(node.inputs)) * (typeof node.op === 'string' ? 1 : 8);
}

/** The nodes done again just before they are needed first, for all who need them late. */
function rewrite(graph: Graph, { at, late, again }: Choice, done: Set<ValueId>): Graph {
  const values = [...graph.values];
  const copies = new Map<ValueId, ValueId>();
  const anew = (id: ValueId): ValueId => copies.get(id) ?? id;
  const clones = again.map((place): Node => {
    const node = graph.nodes[place]!;
    const inputs = node.inputs.map(anew);
    const outputs = node.outputs.map((id) => {
      const copy = values.push(values[id]!) - 1;
      copies.set(id, copy);
      done.add(copy);
      return copy;
    });
    return { ...node, inputs, outputs };
  });
  const nodes = graph.nodes.flatMap((node, place) => {
    const own = late.has(place) ? { ...node, inputs: node.inputs.map(anew) } : node;
    return place === at ? [...clones, own] : [own];
  });
  return { ...graph, values, nodes };
}
