import { capture } from '@tessera/capture';
import { type Backend, formatShape } from '@tessera/core';
import { type Tensor, tidy, treeFlatten } from '@tessera/tensor';
import { placeSample, type SampleTensor } from './check-op.ts';
import { CheckError, expectClose } from './compare.ts';
import { onBackend } from './on-backend.ts';
import { type Tolerance, tolerances } from './tolerance.ts';

/** A metric by its shape, so that the check does not depend on a package of metrics. */
export interface MetricLike<S = unknown> {
  readonly name: string;
  init(): S;
  update(state: S, prediction: Tensor, target: Tensor, weight?: Tensor): S;
  compute(state: S): Tensor;
  merge(a: S, b: S): S;
}

/** Batches for a metric, and the value over all of them. */
export interface MetricSample {
  readonly batches: readonly { readonly prediction: SampleTensor; readonly target: SampleTensor; readonly weight?: SampleTensor }[];
  readonly expected?: SampleTensor;
  readonly tolerance?: Tolerance;
}

/**
 * Checks a metric on a backend: merging parts equals going on, in either order; an empty part changes nothing; the state
 * keeps its structure; computing does not consume it; captured updates equal eager ones.
 *
 * @throws CheckError that names the metric and what is wrong.
 */
export async function checkMetric<S>(metric: MetricLike<S>, samples: readonly MetricSample[], backend: Backend): Promise<void> {
  await onBackend(backend, async () => {
    for (const [i, sample] of samples.entries())
      await checkSample(`${metric.name} sample ${i} on ${backend.name}`, metric, sample, backend);
  });
}

async function checkSample<S>(where: string, metric: MetricLike<S>, sample: MetricSample, backend: Backend): Promise<void> {
  const { tolerance = tolerances.reduction } = sample;
  const batches = sample.batches.map(({ prediction, target, weight }) =>
    [prediction, target, ...(weight ? [weight] : [])].map((one) => placeSample(one, backend)),
  ) as [Tensor, Tensor, Tensor?][];
  const update = (state: S, batch: [Tensor, Tensor, Tensor?]): S => metric.update(state, ...batch);
  const whole = batches.reduce(update, metric.init());
  const value = metric.compute(whole);
  if (sample.expected) await expectClose(where, value, placeSample(sample.expected, backend), tolerance);

  await expectClose(`${where} computed again`, metric.compute(whole), value, tolerances.exact);
  expectSameStructure(where, whole, metric.init());
  const parts = batches.map((batch) => update(metric.init(), batch));
  const forwards = parts.reduce((a, b) => metric.merge(a, b), metric.init());
  const backwards = parts.reduceRight((a, b) => metric.merge(a, b), metric.init());
  await expectClose(`${where} merged`, metric.compute(forwards), value, tolerance);
  await expectClose(`${where} merged from the end`, metric.compute(backwards), value, tolerance);
  const step = capture((state: S, batch: [Tensor, Tensor, Tensor?]) => tidy(() => update(state, batch)));
  const captured = batches.reduce<S>((state, batch) => step(state, batch), metric.init());
  await expectClose(`${where} captured`, metric.compute(captured), value, tolerances.exact);
  step.dispose();
}

/** Throws unless two trees have tensors of the same shapes and dtypes at the same places. */
export function expectSameStructure(where: string, got: unknown, expected: unknown): void {
  const describe = (tree: unknown): string => {
    const { leaves, paths } = treeFlatten(tree);
    return (leaves as Tensor[]).map(({ shape, dtype }, i) => `${paths[i] || 'it'}: ${dtype} ${formatShape(shape)}`).join(', ');
  };
  const [a, b] = [describe(got), describe(expected)];
  if (a !== b) throw new CheckError(`[${where}] the state must keep its structure, ${b}: got ${a}`);
}
