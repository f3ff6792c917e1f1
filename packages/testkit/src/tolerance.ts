/** How far two answers may lie apart: |a − b| ≤ atol + rtol·|b|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** The tolerances, stated once, by family of operations on float32. Integers and bools must agree exactly. */
export const tolerances: Readonly<Record<'exact' | 'elementwise' | 'reduction' | 'gradient', Tolerance>> = {
  /** Moves and single IEEE operations: the same bits. */
  exact: { rtol: 0, atol: 0 },
  /** exp, log, tanh, pow and their like. */
  elementwise: { rtol: 2e-5, atol: 2e-6 },
  /** Sums, products and convolutions. */
  reduction: { rtol: 1e-4, atol: 1e-5 },
  /** Gradients, and gradients of gradients, through several operations in another order. */
  gradient: { rtol: 1e-3, atol: 1e-4 },
};
