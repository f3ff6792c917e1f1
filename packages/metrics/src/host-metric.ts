import type { Shape, TypedArray } from '@tessera/core';

/** Numbers in plain memory, in row-major order. Half precisions come as float32. */
export interface HostArray {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/**
 * A metric that needs every example at once, such as a ranking: it runs on the host, outside of the captured step, over what was read of
 * the device. `init`, `update`, `compute` and `merge` are those of a `Metric`, over arrays instead of tensors.
 *
 * The arrays belong to the caller, who may write over them later. A weight has the shape of the examples or of their first axes; steps
 * that a mask leaves out come with weight 0.
 */
export interface HostMetric<S = unknown> {
  readonly name: string;
  readonly host: true;
  init(): S;
  update(state: S, prediction: HostArray, target: HostArray, weight?: HostArray): S;
  compute(state: S): number;
  merge(a: S, b: S): S;
}

/** What a {@link hostMetric} has kept: a tree, so that adding to it takes the same time however much it holds. */
export interface Kept<P> {
  readonly part?: P;
  readonly before: readonly Kept<P>[];
}

/**
 * A metric over all examples: `keep` takes out of a batch what the metric needs, as a copy, and `compute` gets all that was kept, in
 * order.
 *
 * @example
 * const maximumError = hostMetric(
 *   'maximumError',
 *   (prediction, target) => Math.max(...Array.from(prediction.data, (x, i) => Math.abs(Number(x) - Number(target.data[i])))),
 *   (batches) => Math.max(...batches),
 * )
 */
export function hostMetric<P>(
  name: string,
  keep: (prediction: HostArray, target: HostArray, weight: HostArray | undefined) => P,
  compute: (parts: readonly P[]) => number,
): HostMetric<Kept<P>> {
  return {
    name,
    host: true,
    init: () => ({ before: [] }),
    update: (state, prediction, target, weight) => ({ part: keep(prediction, target, weight), before: [state] }),
    compute: (state) => compute(partsOf(state)),
    merge: (a, b) => ({ before: [a, b] }),
  };
}

function partsOf<P>(state: Kept<P>): P[] {
  const parts: P[] = [];
  // From the last to the first, without recursion: the tree is as deep as there were batches.
  const left = [state];
  for (let kept = left.pop(); kept; kept = left.pop()) {
    if ('part' in kept) parts.push(kept.part as P);
    left.push(...kept.before);
  }
  return parts.reverse();
}
