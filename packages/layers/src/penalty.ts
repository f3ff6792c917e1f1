import type { Tensor } from '@tessera/tensor';
import type { AnyModule } from './module/module.ts';

/** The sum of the penalties of all variables that have regularizers; `undefined` where none has. */
export function penalty(model: AnyModule): Tensor | undefined {
  const parts = model.regularized().map(([variable, regularizer]) => regularizer(variable.read()));
  return parts.length ? parts.reduce((a, b) => a.add(b)) : undefined;
}
