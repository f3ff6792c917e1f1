import type { Backend } from '@tessera/core';
import { type AmbientContext, isTensor, type Tensor, treeFlatten } from '@tessera/tensor';

/** The arguments of a call, taken apart: what is data, and what the trace depends on. */
export interface Signature {
  readonly key: string;
  readonly tensors: readonly Tensor[];
  /** The arguments with other tensors in the places of these. */
  rebuild(tensors: readonly Tensor[]): readonly unknown[];
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** Tensors count by shape and dtype, numbers and strings by value, everything else by identity; so does whether modules are training. */
export function signatureOf(inputs: readonly unknown[], backend: Backend, context: AmbientContext | undefined): Signature {
  const { leaves, paths, unflatten } = treeFlatten(inputs);
  const tensors = leaves.filter(isTensor);
  const parts = leaves.map((leaf, i) => {
    if (isTensor(leaf)) return `${paths[i]}:${leaf.dtype}[${leaf.shape.join()}]`;
    return `${paths[i]}=${typeof leaf === 'object' || typeof leaf === 'function' ? `#${identityOf(leaf as object)}` : `${typeof leaf} ${String(leaf)}`}`;
  });
  const rebuild = (replacements: readonly Tensor[]): readonly unknown[] => {
    let at = 0;
    return unflatten(leaves.map((leaf) => (isTensor(leaf) ? replacements[at++] : leaf))) as readonly unknown[];
  };
  return { key: `${identityOf(backend)}${context?.training ? ' training' : ''}|${parts.join(';')}`, tensors, rebuild };
}

function identityOf(value: object | null): number {
  if (value === null) return -1;
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = nextIdentity++));
  return identity;
}
