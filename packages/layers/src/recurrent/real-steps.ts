import { argsort, cumsum, greater, logicalNot, ones, type Operand, take, type Tensor, where } from '@tessera/tensor';

/** Sequences by their real steps; see {@link realSteps}. */
export interface RealSteps {
  /** x `[N, T, F]` with the real steps first, in their order, and the others behind them. */
  toFront(x: Tensor): Tensor;
  /** y `[N, T, U]`, whose real steps come first, with each at its place. The others repeat the last real step; before the first one they are 0. */
  toPlaces(y: Tensor): Tensor;
  /** The last real step `[N, U]` of y, whose real steps come first; `otherwise` where there is none. */
  last(y: Tensor, otherwise: Operand): Tensor;
}

/**
 * Moves the real steps of sequences together, so that what runs over whole sequences needs no mask: what follows the last real step
 * changes nothing before it. This is right for padding at either end and for gaps, and costs a sort of `[N, T]` and a gather each way.
 *
 * Shapes: mask bool `[N, T]`.
 */
export function realSteps(mask: Tensor): RealSteps {
  const [n, t] = mask.shape as [number, number];
  // How many steps are real up to each one, itself included.
  const counts = cumsum(mask.astype('int32'), 1);
  const total = counts.at(':', '-1:');
  const starts = cumsum(ones([n, 1], { dtype: 'int32', backend: mask.backend }), 0)
    .sub(1)
    .mul(t);
  const steps = (x: Tensor, at: Tensor): Tensor => take(x.reshape([n * t, x.shape[2]!]), at.add(starts));
  const lastUpTo = (y: Tensor, real: Tensor): Tensor => steps(y, real.sub(1).maximum(0));
  return {
    // The sort is stable: steps of one kind keep their order.
    toFront: (x) => steps(x, argsort(logicalNot(mask).astype('int32'), 1)),
    toPlaces: (y) => where(greater(counts, 0).expandDims(2), lastUpTo(y, counts), 0),
    last: (y, otherwise) => where(greater(total, 0), lastUpTo(y, total).squeeze(1), otherwise),
  };
}
