import type { Backend } from '@tessera/core';
import { type AmbientContext, isTensor, setMask, type Tensor, trainableVersion, treeFlatten } from '@tessera/tensor';

/** The arguments of a call, taken apart: what is data, and what the trace depends on. */
export interface Signature {
  readonly key: string;
  /** Those among the arguments, and then the masks of those that have one. */
  readonly tensors: readonly Tensor[];
  /** The arguments with other tensors in the places of these. */
  rebuild(tensors: readonly Tensor[]): readonly unknown[];
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/**
 * Tensors count by shape and dtype, and by whether they have a mask; numbers and strings by value, everything else by identity. So does
 * whether modules are training, and what of them is frozen.
 */
export function signatureOf(inputs: readonly unknown[], backend: Backend, context: AmbientContext | undefined): Signature {
  const { leaves, paths, unflatten } = treeFlatten(inputs);
  const tensors = leaves.filter(isTensor);
  const masked = tensors.filter(({ mask }) => mask && !mask.disposed);
  const parts = leaves.map((leaf, i) => {
    if (isTensor(leaf)) return `${paths[i]}:${leaf.dtype}[${leaf.shape.join()}]${masked.includes(leaf) ? ' masked' : ''}`;
    return `${paths[i]}=${typeof leaf === 'object' || typeof leaf === 'function' ? `#${identityOf(leaf as object)}` : `${typeof leaf} ${String(leaf)}`}`;
  });
  const rebuild = (replacements: readonly Tensor[]): readonly unknown[] => {
    masked.forEach((tensor, i) => setMask(replacements[tensors.indexOf(tensor)]!, replacements[tensors.length + i]));
    let at = 0;
    return unflatten(leaves.map((leaf) => (isTensor(leaf) ? replacements[at++] : leaf))) as readonly unknown[];
  };
  const around = `${identityOf(backend)} ${trainableVersion()}${context?.training ? ' training' : ''}`;
  return { key: `${around}|${parts.join(';')}`, tensors: [...tensors, ...masked.map(({ mask }) => mask!)], rebuild };
}

function identityOf(value: object | null): number {
  if (value === null) return -1;
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = nextIdentity++));
  return identity;
}
