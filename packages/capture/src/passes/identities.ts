import { isFloat, type Node, type PrimitiveAttributes, sameShape, type Spec, type ValueId } from '@tessera/core';

/** What the rules see of the graph as it has become so far. */
export interface Context {
  specOf(id: ValueId): Spec;
  /** The node that makes a value; none for an input. */
  producerOf(id: ValueId): Node | undefined;
  /** The number that all elements of a value are, where that is known. */
  constantOf(id: ValueId): number | undefined;
}

/** Gives the value that a node's output always equals bit for bit, or a simpler node for it; `undefined` where there is none. */
type Rule = (node: Node, context: Context) => ValueId | Pick<Node, 'op' | 'inputs' | 'attributes'> | undefined;

/** A node's attributes, as an op has them. */
export const attributesOf = <K extends keyof PrimitiveAttributes>(_: K, { attributes }: Node): PrimitiveAttributes[K] =>
  attributes as PrimitiveAttributes[K];
const isIdentity = (permutation: readonly number[]): boolean => permutation.every((from, to) => from === to);

/** x where `neutral` is the other operand, in either place or only in the second. */
const without =
  (neutral: (dtype: Spec['dtype']) => number, commutes = true): Rule =>
  ({ inputs: [a, b] }, { specOf, constantOf }) => {
    const value = neutral(specOf(a!).dtype);
    if (Object.is(constantOf(b!), value)) return a;
    return commutes && Object.is(constantOf(a!), value) ? b : undefined;
  };
/** x of f(f(x)). */
const involution: Rule = ({ op, inputs: [x] }, { producerOf }) => {
  const inner = producerOf(x!);
  return inner?.op === op ? inner.inputs[0] : undefined;
};
/** A view of a view of the same kind as one. */
const merged =
  <K extends 'reshape' | 'broadcast' | 'transpose'>(op: K, attributes: (outer: Node, inner: Node) => PrimitiveAttributes[K]): Rule =>
  (node, { producerOf }) => {
    const inner = producerOf(node.inputs[0]!);
    return inner?.op === op ? { op, inputs: inner.inputs, attributes: attributes(node, inner) } : undefined;
  };
const firstOf =
  (...rules: Rule[]): Rule =>
  (node, context) => {
    for (const rule of rules) {
      const found = rule(node, context);
      if (found !== undefined) return found;
    }
    return undefined;
  };
/** The input itself, where the attributes ask for nothing. */
const itself =
  (nothing: (node: Node, x: Spec) => boolean): Rule =>
  (node, { specOf }) =>
    nothing(node, specOf(node.inputs[0]!)) ? node.inputs[0] : undefined;

/** The rules, by op. */
export const identities: { readonly [op: string]: Rule } = {
  mul: without(() => 1),
  div: without(() => 1, false),
  // x + 0 turns −0 into 0, x + −0 and x − 0 change nothing.
  add: without((dtype) => (isFloat(dtype) ? -0 : 0)),
  sub: without(() => 0, false),
  neg: involution,
  logicalNot: involution,
  copy: ({ inputs: [x] }) => x,
  cast: itself((node, { dtype }) => attributesOf('cast', node).dtype === dtype),
  select({ inputs: [condition, a, b] }, { constantOf }) {
    const value = constantOf(condition!);
    return a === b || value === 1 ? a : value === 0 ? b : undefined;
  },
  reshape: firstOf(
    itself((node, { shape }) => sameShape(attributesOf('reshape', node).shape, shape)),
    merged('reshape', (outer) => attributesOf('reshape', outer)),
  ),
  broadcast: firstOf(
    itself((node, { shape }) => sameShape(attributesOf('broadcast', node).shape, shape)),
    merged('broadcast', (outer) => attributesOf('broadcast', outer)),
  ),
  transpose: firstOf(
    itself((node) => isIdentity(attributesOf('transpose', node).permutation)),
    merged('transpose', (outer, inner) => {
      const [last, first] = [outer, inner].map((node) => attributesOf('transpose', node).permutation);
      return { permutation: last!.map((axis) => first![axis]!) };
    }),
  ),
  slice: itself((node, { shape }) => {
    const { starts, steps, shape: taken } = attributesOf('slice', node);
    return sameShape(taken, shape) && steps.every((step) => step === 1) && starts.every((start) => start === 0);
  }),
  flip: itself((node, { shape }) => attributesOf('flip', node).axes.every((axis) => shape[axis]! <= 1)),
  concat: itself(({ inputs }) => inputs.length === 1),
  pad: itself((node) => {
    const { edges, interior } = attributesOf('pad', node);
    return [...edges.flat(), ...interior].every((count) => count === 0);
  }),
};
