import { treeFlatten, UsageError } from '@tessera/core';
import type { RawTensor } from '@tessera/formats';
import { fromRawTensor } from '@tessera/layers';
import type { HostMetric, Metric } from '@tessera/metrics';
import { maskOf, type NestedArray, type Tensor, tidy, VariableTree, withNothing, zeros } from '@tessera/tensor';
import { HostScores, type ToRead } from './host-scores.ts';

/** A metric and the output that it measures. */
export interface Bound<M> {
  /** As it is reported. */
  readonly name: string;
  readonly metric: M;
  /** The dotted path of the output; '' where there is one. */
  readonly output: string;
}

/** A metric, on the device or on the host, and the output that it measures. */
export type BoundMetric = Bound<Metric | HostMetric>;

/** What a step has to say. */
export interface Observation {
  /** Scalars, and what each is the mean over. */
  readonly means: Readonly<Record<string, readonly [value: Tensor, weight: Tensor | number]>>;
  readonly predictions?: unknown;
  readonly targets?: unknown;
  readonly sampleWeight?: Tensor | undefined;
}

interface Mean {
  readonly total: Tensor;
  readonly count: Tensor;
}

/** Means and metrics with their states on the device, updated inside steps and read now and then. */
export class Measurement {
  readonly #metrics: readonly Bound<Metric>[];
  readonly #metricStates: readonly VariableTree<unknown>[];
  /** By name; made when a step first reports one. */
  readonly #means: Map<string, VariableTree<Mean>> = new Map();
  readonly host: HostScores;

  constructor(metrics: readonly BoundMetric[]) {
    expectNames(metrics.map(({ name }) => name));
    this.#metrics = metrics.filter((bound): bound is Bound<Metric> => !isHost(bound.metric));
    this.#metricStates = this.#metrics.map(({ name, metric }) => new VariableTree<unknown>(`metrics.${name}`, () => metric.init()));
    this.host = new HostScores(metrics.filter((bound): bound is Bound<HostMetric> => isHost(bound.metric)));
  }

  /** Adds what a step has to say; inside the step. */
  update({ means, predictions, targets, sampleWeight }: Observation): void {
    for (const [name, [value, weight]] of Object.entries(means)) {
      const state = this.#meanOf(name);
      const { total, count } = state.read();
      const counted = value.astype('float32').mul(weight);
      state.assign({ total: total.add(counted), count: count.add(weight) });
    }
    this.#metrics.forEach(({ metric, output }, i) => {
      const state = this.#metricStates[i]!;
      state.assign(metric.update(state.read(), leafAt(predictions, output), leafAt(targets, output), sampleWeight));
    });
  }

  #meanOf(name: string): VariableTree<Mean> {
    let state = this.#means.get(name);
    if (!state) {
      expectNames([name, ...this.#metrics.map((bound) => bound.name)]);
      state = withNothing(() => new VariableTree<Mean>(`logs.${name}`, () => ({ total: zeros([]), count: zeros([]) })));
      this.#means.set(name, state);
    }
    return state;
  }

  /** The values by name: means first, then metrics; those that need every score where `complete` says so. */
  async read({ complete = false }: { complete?: boolean } = {}): Promise<Record<string, NestedArray>> {
    const values = tidy(() => [
      ...[...this.#means].map(([name, state]): [string, Tensor] => [name, meanOf(state.read())]),
      ...this.#metrics.map(({ name, metric }, i): [string, Tensor] => [name, metric.compute(this.#metricStates[i]!.read())]),
    ]);
    const arrays = await Promise.all(values.map(async ([name, value]) => [name, await value.array()] as const));
    for (const [, value] of values) value.dispose();
    return { ...Object.fromEntries(arrays), ...(complete ? await this.host.compute() : {}) };
  }

  /** What of an observation is to be read on the host, if anything is. */
  wanted({ predictions, targets, sampleWeight }: Observation): ToRead | undefined {
    return this.host.wanted((output) => {
      const prediction = leafAt(predictions, output);
      return { prediction, target: leafAt(targets, output), weight: weightOf(prediction, sampleWeight) };
    });
  }

  /** Back to nothing seen. */
  reset(): void {
    for (const state of this.#states) state.reset();
    this.host.reset();
  }

  get #states(): readonly VariableTree<unknown>[] {
    return [...this.#metricStates, ...this.#means.values()] as VariableTree<unknown>[];
  }

  /** What is on the device, by name. */
  leaves(): Map<string, Tensor> {
    return new Map(
      this.#states.flatMap((state) => {
        const { leaves, paths } = treeFlatten(state.read());
        return leaves.map((leaf, i) => [paths[i] ? `${state.name}.${paths[i]}` : state.name, leaf as Tensor] as const);
      }),
    );
  }

  /** Goes back to saved values; what a file does not have begins anew. */
  assign(tensors: ReadonlyMap<string, RawTensor>): void {
    for (const name of tensors.keys()) {
      const mean = /^logs\.(.+)\.total$/.exec(name)?.[1];
      if (mean !== undefined) this.#meanOf(mean);
    }
    for (const state of this.#states) {
      const { leaves, paths, unflatten } = treeFlatten(state.read());
      const saved = paths.map((path) => tensors.get(path ? `${state.name}.${path}` : state.name));
      if (saved.every((raw, i) => raw?.shape.join() === (leaves[i] as Tensor).shape.join())) {
        state.assign(unflatten(saved.map((raw, i) => fromRawTensor(raw!, { backend: (leaves[i] as Tensor).backend }))));
      }
    }
    this.host.assign(tensors);
  }

  dispose(): void {
    for (const state of this.#states) state.dispose();
  }
}

function isHost(metric: Metric | HostMetric): metric is HostMetric {
  return 'host' in metric;
}

/** The weight of each step: that of its example, and 0 where the mask of the prediction leaves it out. */
function weightOf(prediction: Tensor, sampleWeight: Tensor | undefined): Tensor | undefined {
  const mask = maskOf(prediction)?.astype('float32');
  if (!mask || !sampleWeight) return mask ?? sampleWeight;
  return sampleWeight.rank < 2 ? mask.mul(sampleWeight.expandDims(1)) : mask.mul(sampleWeight);
}

function meanOf({ total, count }: Mean): Tensor {
  return total.div(count);
}

/** The tensor of an output in a tree. @throws UsageError where there is none. */
export function leafAt(tree: unknown, path: string): Tensor {
  const { leaves, paths } = treeFlatten(tree);
  const at = paths.indexOf(path);
  if (at >= 0) return leaves[at] as Tensor;
  const outputs = paths.map((one) => one || 'one tensor').join(', ');
  throw new UsageError(
    `[compile] a metric must be of an output: got ${path || 'one for a single output'}; the outputs are ${outputs}. Give metrics by output: { metrics: { name: [accuracy()] } }`,
  );
}

function expectNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`[compile] metrics must differ in name, and from what is reported beside them: got ${twice} twice`);
}
