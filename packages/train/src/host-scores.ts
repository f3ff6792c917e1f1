import type { RawTensor } from '@tessera/formats';
import type { HostArray, HostMetric } from '@tessera/metrics';
import type { Shape, TypedArray } from '@tessera/core';
import type { Tensor } from '@tessera/tensor';
import type { Bound } from './measurement.ts';

/** What of a batch metrics on the host compare. */
export interface Scores {
  readonly prediction: Tensor;
  readonly target: Tensor;
  readonly weight?: Tensor | undefined;
}

/** The scores of a batch by output, results of a step that are to be read. */
export type ToRead = Readonly<Record<string, Scores>>;

type Part = 'prediction' | 'target' | 'weight';

/** Keeps the scores of every example on the host, for metrics that need all of them. */
export class HostScores {
  readonly #metrics: readonly Bound<HostMetric>[];
  readonly #outputs: readonly string[];
  /** By output, batch by batch; in the order of the batches, though they may come in another. */
  #batches: Promise<ReadonlyMap<string, Partial<Record<Part, HostArray>>>>[] = [];

  constructor(metrics: readonly Bound<HostMetric>[]) {
    this.#metrics = metrics;
    this.#outputs = [...new Set(metrics.map(({ output }) => output))];
  }

  /** What a step is to return of its batch; nothing where no metric needs it. */
  wanted(scoresOf: (output: string) => Scores): ToRead | undefined {
    return this.#outputs.length === 0 ? undefined : Object.fromEntries(this.#outputs.map((output) => [output || SINGLE, scoresOf(output)]));
  }

  /** Takes what a step returned: it is read, and its tensors are disposed of. */
  take(scores: ToRead): void {
    const batch = readBatch(scores);
    // Heard where the metrics are computed.
    batch.catch(() => {});
    this.#batches.push(batch);
  }

  /** The metrics over all batches. */
  async compute(): Promise<Record<string, number>> {
    if (this.#metrics.length === 0) return {};
    const batches = await Promise.all(this.#batches);
    const values = this.#metrics.map(({ name, metric, output }) => {
      let state = metric.init();
      for (const batch of batches) {
        const { prediction, target, weight } = batch.get(output || SINGLE)!;
        state = metric.update(state, prediction!, target!, weight);
      }
      return [name, metric.compute(state)] as const;
    });
    return Object.fromEntries(values);
  }

  /** The scores by name, as files hold them. */
  async save(): Promise<Map<string, RawTensor>> {
    const saved = new Map<string, RawTensor>();
    const batches = await Promise.all(this.#batches);
    batches.forEach((batch, i) => {
      for (const [output, parts] of batch) {
        for (const [part, { data, shape }] of Object.entries(parts)) saved.set(`scores.${i}.${output}.${part}`, toRaw(data, shape));
      }
    });
    return saved;
  }

  /** Goes back to saved scores. */
  assign(tensors: ReadonlyMap<string, RawTensor>): void {
    const batches: Map<string, Partial<Record<Part, HostArray>>>[] = [];
    for (const [name, raw] of tensors) {
      const [, number, output, part] = /^scores\.(\d+)\.(.+)\.(prediction|target|weight)$/.exec(name) ?? [];
      if (number === undefined) continue;
      const batch = (batches[Number(number)] ??= new Map());
      batch.set(output!, { ...batch.get(output!), [part as Part]: fromRaw(raw) });
    }
    this.#batches = batches.map((batch) => Promise.resolve(batch));
  }

  reset(): void {
    this.#batches = [];
  }
}

/** The key of a single output. */
const SINGLE = 'output';

async function readBatch(scores: ToRead): Promise<ReadonlyMap<string, Partial<Record<Part, HostArray>>>> {
  const entries = Object.entries(scores).map(async ([output, parts]) => {
    const read = Object.entries(parts).map(async ([part, value]) => {
      const x = value as Tensor | undefined;
      return x ? [[part, { data: await x.data(), shape: x.shape }] as const] : [];
    });
    return [output, Object.fromEntries((await Promise.all(read)).flat())] as const;
  });
  try {
    return new Map(await Promise.all(entries));
  } finally {
    const tensors = new Set(Object.values(scores).flatMap(({ prediction, target, weight }) => [prediction, target, weight]));
    for (const x of tensors) x?.dispose();
  }
}

function toRaw(data: TypedArray, shape: Shape): RawTensor {
  const numbers = data instanceof Float32Array ? data : Float32Array.from(data, Number);
  return { dtype: 'float32', shape, data: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) };
}

function fromRaw({ data, shape }: RawTensor): HostArray {
  return { data: new Float32Array(data.slice().buffer), shape };
}
