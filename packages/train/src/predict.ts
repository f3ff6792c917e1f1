import { DataError, treeFlatten, treeMap, type TypedArray } from '@tessera/core';
import type { Captured } from '@tessera/capture';
import { ArrayDataset, type Column, type ColumnTree, DataLoader } from '@tessera/data';
import { type AnyModule, isSpec, type Module, type TensorSpec } from '@tessera/layers';
import { type Tensor } from '@tessera/tensor';
import { type DeviceBatch, disposeBatch, masked, toDevice } from './batch.ts';
import { checkInputs } from './check-examples.ts';
import { EventLoop } from './event-loop.ts';
import { columnsOf, type ValuesTree } from './examples.ts';
import type { EvaluateOptions } from './options.ts';
import { type StepFactory, stepFactory } from './step.ts';

/** A tree with a column of predictions for each tensor that a model gives. */
export type Predictions<O> = O extends Tensor
  ? Column<Float32Array<ArrayBuffer>>
  : O extends object
    ? { readonly [K in keyof O]: Predictions<O[K]> }
    : never;

/** Runs a model over examples, batch by batch. */
export class Predictor {
  readonly #model: AnyModule;
  readonly #step: Captured<[DeviceBatch], unknown>;

  constructor(model: AnyModule, step: StepFactory) {
    this.#model = model;
    this.#step = step((batch: DeviceBatch) => (model as Module<unknown, unknown>).apply(masked(batch)));
  }

  async run(values: unknown, { batchSize = 32, buckets, signal }: EvaluateOptions = {}): Promise<unknown> {
    const model = this.#model;
    const data = new ArrayDataset<{ x: ColumnTree }>({ x: await columnsOf(values) } as never);
    if (model.built) checkInputs('predict', model, data.columns.x);
    if (data.length === 0) return emptyOutputs(model, batchSize);
    const loop = new EventLoop<unknown>();
    const parts: { readonly shapes: readonly (readonly number[])[]; readonly arrays: Promise<TypedArray[]> }[] = [];
    let unflatten: (leaves: readonly unknown[]) => unknown = () => undefined;
    for await (const { columns, size } of new DataLoader(data, { batchSize, ...(buckets ? { buckets } : {}) }).epoch(
      0,
      signal ? { signal } : {},
    )) {
      const batch = toDevice(columns.x, size);
      let output: unknown;
      try {
        output = (await this.#step.warmUp([batch]))();
      } finally {
        disposeBatch(batch);
      }
      const flat = treeFlatten(output);
      ({ unflatten } = flat);
      const leaves = flat.leaves as Tensor[];
      const arrays = Promise.all(leaves.map((leaf) => leaf.data().finally(() => leaf.dispose())));
      // Heard below, with the others.
      arrays.catch(() => {});
      parts.push({ shapes: leaves.map(({ shape }) => shape), arrays });
      if (loop.due()) await loop.turn(arrays);
    }
    const all = await Promise.all(parts.map(({ arrays }) => arrays));
    return unflatten(
      parts[0]!.shapes.map((_, leaf) => joined(parts.map(({ shapes }, part) => ({ shape: shapes[leaf]!, data: all[part]![leaf]! })))),
    );
  }

  dispose(): void {
    this.#step.dispose();
  }
}

/** The rows of several parts after one another. */
function joined(parts: readonly { readonly shape: readonly number[]; readonly data: TypedArray }[]): Column {
  const [first] = parts;
  const rest = first!.shape.slice(1);
  const differs = parts.find(({ shape }) => shape.slice(1).join() !== rest.join());
  if (differs) {
    throw new DataError(
      `[predict] outputs of all batches must have one shape: got [${first!.shape.join(', ')}] and [${differs.shape.join(', ')}]. Predict sequences of one padded length, or each by itself.`,
    );
  }
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first!.data.constructor as new (length: number) => TypedArray)(length);
  parts.reduce((at, part) => (data.set(part.data as never, at), at + part.data.length), 0);
  return { '~column': true, data, shape: [parts.reduce((sum, { shape }) => sum + shape[0]!, 0), ...rest] };
}

function emptyOutputs(model: AnyModule, batchSize: number): unknown {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new DataError(`[predict] batchSize must be a whole number ≥ 1: got ${batchSize}`);
  return treeMap(
    (leaf: unknown) => (isSpec(leaf) ? { '~column': true, data: new Float32Array(0), shape: [0, ...(leaf as TensorSpec).shape] } : leaf),
    model.outputSpec(),
  );
}

/**
 * A model's outputs for inputs, batch by batch, as columns. Inputs are columns, tensors or nested arrays, in the tree that the model takes.
 * It needs no loss and no optimizer, and leaves nothing behind.
 *
 * Shapes: `[N, ...]` → `[N, ...]`.
 *
 * @example
 * const { data, shape } = await predict(model, [[5.1, 3.5, 1.4, 0.2]])
 */
export async function predict<O>(model: Module<never, O>, x: ValuesTree, options: EvaluateOptions = {}): Promise<Predictions<O>> {
  const predictor = new Predictor(model as AnyModule, stepFactory({}));
  try {
    return (await predictor.run(x, options)) as Predictions<O>;
  } finally {
    predictor.dispose();
  }
}
