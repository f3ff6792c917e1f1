import { TesseraError } from '@tessera/core';
import { type Tensor, treeFlatten } from '@tessera/tensor';
import type { Tolerance } from './tolerance.ts';

/** What a check found wrong. */
export class CheckError extends TesseraError {
  static override readonly kind: string = 'CheckError';
}

/** Throws unless both have one shape and dtype and their elements agree; NaN agrees with NaN, infinities with themselves. */
export async function expectClose(where: string, got: Tensor, expected: Tensor, { rtol, atol }: Tolerance): Promise<void> {
  if (got.dtype !== expected.dtype || got.shape.join() !== expected.shape.join()) {
    throw new CheckError(`[${where}] must be ${expected.dtype} [${expected.shape.join(', ')}]: got ${got.dtype} [${got.shape.join(', ')}]`);
  }
  const [a, b] = [await got.data(), await expected.data()];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= atol + rtol * Math.abs(y)) continue;
    throw new CheckError(`[${where}] element ${i} of [${got.shape.join(', ')}] must be ${y}: got ${x}`);
  }
}

/** The same for trees of tensors: of one structure, in whatever order their keys come. */
export async function expectCloseTrees(where: string, got: unknown, expected: unknown, tolerance: Tolerance): Promise<void> {
  const [a, b] = [got, expected].map((tree) => {
    const { leaves, paths } = treeFlatten(tree);
    return new Map(paths.map((path, i) => [path, leaves[i] as Tensor]));
  }) as [Map<string, Tensor>, Map<string, Tensor>];
  const told = (paths: Iterable<string>): string => [...paths].map((path) => path || 'one tensor').join(', ');
  if (a.size !== b.size || [...b.keys()].some((path) => !a.has(path))) {
    throw new CheckError(`[${where}] must be ${told(b.keys())}: got ${told(a.keys())}`);
  }
  for (const [path, leaf] of b) await expectClose(path ? `${where}, ${path}` : where, a.get(path)!, leaf, tolerance);
}
