import { meanOf, type Metric } from '@tessera/metrics';
import { type NestedArray, type Tensor, tidy, VariableTree } from '@tessera/tensor';

/** The mean of the loss, reported beside the metrics. */
export const lossMetric: Metric = meanOf('loss', (loss) => loss) as Metric;

/** Metrics and their states on the device, updated inside steps and read now and then. */
export class Measurement {
  readonly #metrics: readonly Metric[];
  readonly states: readonly VariableTree<unknown>[];

  constructor(metrics: readonly Metric[]) {
    this.#metrics = metrics;
    this.states = metrics.map((metric) => new VariableTree<unknown>(`metrics.${metric.name}`, () => metric.init()));
  }

  /** Adds a batch: its mean loss, and what it was computed from. */
  update(loss: Tensor, prediction: Tensor, target: Tensor, weight: Tensor): void {
    // The loss is already the batch's mean, so it counts as many times as the batch has examples.
    const size = weight.mul(0).add(1).sum();
    this.#metrics.forEach((metric, i) => {
      const state = this.states[i]!.read();
      this.states[i]!.assign(
        metric === lossMetric ? metric.update(state, loss, target, size) : metric.update(state, prediction, target, weight),
      );
    });
  }

  /** The values by the metrics' names: numbers or nested arrays. */
  async read(): Promise<Record<string, NestedArray>> {
    const values = tidy(() => this.#metrics.map((metric, i) => metric.compute(this.states[i]!.read())));
    const arrays = await Promise.all(values.map((value) => value.array()));
    for (const value of values) value.dispose();
    return Object.fromEntries(this.#metrics.map((metric, i) => [metric.name, arrays[i]!]));
  }

  reset(): void {
    for (const state of this.states) state.reset();
  }

  dispose(): void {
    for (const state of this.states) state.dispose();
  }
}
