import type { Tensor } from '@tessera/tensor';

/**
 * A pure metric over batches: `update` adds a batch to the state, `compute` gives the value, `merge` joins the states
 * of two parts. The state is a tree of tensors of fixed size, so that it can be part of a captured step.
 *
 * Examples may be rows `[N]`, steps `[N, T]`, pixels `[N, H, W]` or of any other number of axes. A weight has the shape of the examples
 * or of their first axes: `[N]` weighs each step of a sequence alike. Steps that the prediction's mask (`maskOf`) leaves out have weight 0.
 */
export interface Metric<S = unknown> {
  readonly name: string;
  init(): S;
  update(state: S, prediction: Tensor, target: Tensor, weight?: Tensor): S;
  compute(state: S): Tensor;
  merge(a: S, b: S): S;
}
