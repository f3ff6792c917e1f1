import {
  type EpilogueActivation,
  epilogueActivations,
  type Graph,
  isFloat,
  type Node,
  opName,
  sameShape,
  type Shape,
  type Spec,
  type ValueId,
} from '@tessera/core';
import * as composites from '@tessera/core/composites';

/** The ops that can have an epilogue, and what they become. */
const withEpilogue: { readonly [op: string]: Node['op'] } = {
  matmul: composites.matmulEpilogue as Node['op'],
  convolution: composites.convolutionEpilogue as Node['op'],
};
const activations: ReadonlySet<string> = new Set(epilogueActivations);

/** What follows a product and is done by it: f(product + bias) + residual. */
interface Epilogue {
  readonly bias?: ValueId;
  readonly activation: EpilogueActivation;
  readonly residual?: ValueId;
  /** The places of the nodes that are done by it, the last one's result being its own. */
  readonly folded: readonly number[];
}

/**
 * Lets products and convolutions add their bias, apply their activation and add a residual, where backends have kernels for that, and
 * where nothing else needs what lies between.
 */
export function foldEpilogues(graph: Graph, kernels: ReadonlySet<string>): Graph {
  const { nodes } = graph;
  const values: Spec[] = [...graph.values];
  const users = new Map<ValueId, number[]>();
  nodes.forEach(({ inputs }, at) => {
    for (const id of inputs) users.set(id, [...(users.get(id) ?? []), at]);
  });
  const results = new Set(graph.outputs);
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  /** For each folded node, what stands in its place. */
  const replacement = new Map<number, readonly Node[]>();
  /** The only node that needs a value. */
  const onlyUser = (id: ValueId): number | undefined => {
    const [user, ...others] = users.get(id) ?? [];
    return user === undefined || others.length > 0 || results.has(id) || replacement.has(user) ? undefined : user;
  };

  // The last product first: of two that are added, the later one adds the other's result.
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at]!;
    const op = withEpilogue[opName(node.op)];
    const { shape, dtype } = values[node.outputs[0]!]!;
    if (!op || !kernels.has(opName(op)) || !isFloat(dtype)) continue;
    const found = follow(node, { nodes, values, onlyUser, producers });
    if (!found) continue;
    const { bias, activation, residual, folded } = found;
    const before: Node[] = [];
    const seenAs = (id: ValueId, wanted: Shape): ValueId => {
      if (sameShape(values[id]!.shape, wanted)) return id;
      const seen = values.push({ shape: wanted, dtype }) - 1;
      before.push({ op: 'reshape', inputs: [id], outputs: [seen], attributes: { shape: wanted } });
      return seen;
    };
    const inputs = [
      ...node.inputs,
      ...(bias === undefined ? [] : [seenAs(bias, shape.slice(-1))]),
      ...(residual === undefined ? [] : [seenAs(residual, shape)]),
    ];
    const attributes = { ...(node.attributes as object), bias: bias !== undefined, activation, residual: residual !== undefined };
    const [result] = nodes[folded.at(-1)!]!.outputs as [ValueId];
    const isFlat = sameShape(values[result]!.shape, shape);
    const made = isFlat ? result : values.push({ shape, dtype }) - 1;
    const after: Node[] = isFlat
      ? []
      : [{ op: 'reshape', inputs: [made], outputs: [result], attributes: { shape: values[result]!.shape } }];
    for (const place of [at, ...folded]) replacement.set(place, []);
    replacement.set(folded.at(-1)!, [...before, { ...node, op, inputs, outputs: [made], attributes }, ...after]);
  }
  return { ...graph, values, nodes: nodes.flatMap((node, at) => replacement.get(at) ?? [node]) };
}

interface Surroundings {
  readonly nodes: readonly Node[];
  readonly values: readonly Spec[];
  readonly producers: ReadonlyMap<ValueId, Node>;
  onlyUser(id: ValueId): number | undefined;
}

/** What can be done by a product, in the order in which it does that. Shapes may change between, as long as rows stay. */
function follow({ outputs }: Node, { nodes, values, producers, onlyUser }: Surroundings): Epilogue | undefined {
  const filters = values[outputs[0]!]!.shape.at(-1)!;
  let value = outputs[0]!;
  let found: Epilogue | undefined;
  const folded: number[] = [];
  for (let user = onlyUser(value); user !== undefined; user = onlyUser(value)) {
    const { op, inputs, outputs: made } = nodes[user]!;
    const { shape } = values[made[0]!]!;
    if (shape.at(-1) !== filters) break;
    folded.push(user);
    const other = inputs.find((id) => id !== value);
    const activation = found?.activation ?? 'none';
    if (op === 'add' && other !== undefined && sameShape(shape, values[value]!.shape)) {
      if (!found && isRow(values[other]!.shape, filters)) found = { bias: other, activation, folded: [...folded] };
      else if (sameShape(values[other]!.shape, shape) && !isSpread(producers.get(other))) {
        return { ...found, activation, residual: other, folded };
      } else break;
    } else if (activations.has(opName(op)) && activation === 'none') {
      found = { ...found, activation: opName(op) as EpilogueActivation, folded: [...folded] };
    } else if (op !== 'reshape') break;
    value = made[0]!;
  }
  return found;
}

const isRow = (shape: Shape, length: number): boolean => shape.at(-1) === length && shape.slice(0, -1).every((other) => other === 1);

/** Whether a value is a view whose elements may not lie one after another. */
function isSpread(node: Node | undefined): boolean {
  return node !== undefined && ['transpose', 'broadcast', 'slice', 'flip', 'window'].includes(opName(node.op));
}
