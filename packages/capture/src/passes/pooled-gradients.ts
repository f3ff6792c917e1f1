import { type Graph, type Node, opName, type Spec, type ValueId } from '@tessera/core';

/**
 * Where a largest element was taken of what relu gave, its gradient is stopped before it is spread, where there are fewer elements:
 * with y = relu(x) and p = maxPool(y), `select(y ≤ 0, 0, maxPoolGradient(y, dp))` is `maxPoolGradient(y, select(p ≤ 0, 0, dp))`. For the
 * gradient of a window goes to an element that is p itself, and 0 to all others.
 */
export function stopGradientsBeforePooling(graph: Graph): Graph {
  const values: Spec[] = [...graph.values];
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  const users = new Map<ValueId, number>();
  for (const id of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) users.set(id, (users.get(id) ?? 0) + 1);
  const pooled = new Map<string, ValueId>();
  const keyOf = (x: ValueId, { attributes }: Node): string => `${x} ${JSON.stringify(attributes)}`;
  const isZero = (id: ValueId): boolean => {
    const maker = makers.get(id);
    return maker?.op === 'fill' && (maker.attributes as { value: number }).value === 0;
  };
  const moved = new Set<Node>();

  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (opName(node.op) === 'maxPool') pooled.set(keyOf(node.inputs[0]!, node), node.outputs[0]!);
    if (node.op !== 'select') return [node];
    const [condition, zero, spread] = node.inputs as [ValueId, ValueId, ValueId];
    const [compared, gradient] = [makers.get(condition), makers.get(spread)];
    if (compared?.op !== 'lessEqual' || !gradient || opName(gradient.op) !== 'maxPoolGradient' || users.get(spread) !== 1) return [node];
    const [y, dp] = gradient.inputs as [ValueId, ValueId];
    const p = pooled.get(keyOf(y, gradient));
    if (p === undefined || compared.inputs[0] !== y || !isZero(compared.inputs[1]!) || !isZero(zero)) return [node];
    moved.add(gradient);
    const { shape } = values[p]!;
    const stops = values.push({ shape, dtype: 'bool' }) - 1;
    const stopped = values.push({ shape, dtype: values[p]!.dtype }) - 1;
    return [
      { ...compared, inputs: [p, compared.inputs[1]!], outputs: [stops] },
      { ...node, inputs: [stops, zero, dp], outputs: [stopped] },
      { ...gradient, inputs: [y, stopped], outputs: node.outputs },
    ];
  });
  return { ...graph, values, nodes: nodes.filter((node) => !moved.has(node)) };
}
