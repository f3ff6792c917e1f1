import { isTensor, setMask } from '@tessera/tensor';

/** Gives what a layer made of sequences the mask of these, where `[N, T]` stayed. */
export function handOnMask(x: unknown, y: unknown): void {
  if (!isTensor(x) || !isTensor(y) || !x.mask || y.mask || y === x) return;
  const [n, t] = x.mask.shape;
  if (y.shape[0] === n && y.shape[1] === t) setMask(y, x.mask);
}
