import { type Builder, type Emit, makeBuilder } from './builder.ts';
import type { Composite, PrimitiveRow, Spec } from './op.ts';
import type { Primitive } from './primitives/attributes.ts';
import { primitives } from './primitives/table.ts';

const emit = ((op: Primitive | Composite<unknown>, inputs: readonly Spec[], attributes: unknown) =>
  inferSpecs(op, inputs, attributes)) as Emit<Spec>;
let specBuilder: Builder<Spec> | undefined;

/** The outputs' shapes and dtypes: a primitive's by its row, a composite's by walking its decomposition. */
export function inferSpecs(op: Primitive | Composite<unknown>, inputs: readonly Spec[], attributes: unknown): readonly Spec[] {
  if (typeof op === 'string') return (primitives[op] as PrimitiveRow<unknown>).infer(inputs, attributes);
  op.check?.(inputs, attributes);
  if (op.infer) return op.infer(inputs, attributes);
  specBuilder ??= makeBuilder(emit);
  return op.decompose(specBuilder, inputs, attributes);
}
