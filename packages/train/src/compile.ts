import { treeFlatten, UsageError } from '@tessera/core';
import type { AnyColumn, Column } from '@tessera/data';
import { type AnyModule, type Module, spec } from '@tessera/layers';
import type { Tensor } from '@tessera/tensor';
import { checkAgainst, checkExamples } from './check-examples.ts';
import { columnsInMemory, exampleShape } from './examples.ts';
import { Learner } from './learner.ts';
import type { CompileOptions } from './options.ts';
import { boundMetrics, type Supervised, supervised } from './supervised.ts';
import { Trainer } from './trainer.ts';

/** A tree with a column for each tensor. */
export type ColumnsFor<T> = T extends Tensor ? AnyColumn : T extends object ? { readonly [K in keyof T]: ColumnsFor<T[K]> } : never;

/** The columns that a model of one objective learns from. */
export interface SupervisedColumns<I, O> {
  readonly x: ColumnsFor<I>;
  readonly y: ColumnsFor<O>;
  readonly weight?: AnyColumn;
}

/**
 * Brings model, loss, optimizer and metrics together: a {@link Learner} of one phase, which minimises the loss of the model's predictions.
 *
 * @throws UsageError for what is no loss, optimizer or metric.
 * @example
 * const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), metrics: [accuracy()] })
 * const tagger = compile(twoHeads, { loss: { slot: crossEntropy(), intent: crossEntropy() }, lossWeights: { slot: 2 }, optimizer: adam() })
 */
export function compile<I, O>(model: Module<I, O>, options: CompileOptions<NoInfer<O>>): Trainer<SupervisedColumns<I, O>, Module<I, O>> {
  const { loss, lossWeights, optimizer, metrics = [], gradientAccumulationSteps = 1, transform, exchange, ...rest } = options;
  if (!Number.isInteger(gradientAccumulationSteps) || gradientAccumulationSteps < 1) {
    throw new UsageError(`[compile] gradientAccumulationSteps must be a whole number from 1: got ${gradientAccumulationSteps}`);
  }
  const own = model as AnyModule;
  const phase = {
    name: 'train',
    parameters: own,
    optimizer,
    objective: supervised<Supervised>(own, loss, lossWeights),
    accumulate: gradientAccumulationSteps,
    transform,
    exchange,
  };
  const learner = new Learner<Supervised>({ ...rest, models: { model: own }, phases: [phase], metrics: boundMetrics(metrics) });
  const ignore = (loss as { ignoreIndex?: number }).ignoreIndex;
  return new Trainer<SupervisedColumns<I, O>, Module<I, O>>(learner, {
    prepare(data) {
      checkExamples(data);
      const columns = columnsInMemory(data) as Parameters<typeof checkAgainst>[1] | undefined;
      if (!columns) return;
      if (!own.built) own.build(specsOf(columns.x) as never);
      checkAgainst(own, columns, { ignore });
    },
    batch: (columns) => own.built && checkAgainst(own, columns as never, { ignore }),
  });
}

/** The specs of inputs that come in such columns. Bytes, as images come, become float32. */
function specsOf(columns: unknown): unknown {
  const { leaves, unflatten } = treeFlatten(columns);
  return unflatten(
    leaves.map((leaf) => {
      const column = leaf as Exclude<AnyColumn, Column<readonly string[]>>;
      const isInt = column.data instanceof Int32Array || column.data instanceof BigInt64Array;
      return spec(exampleShape(column), isInt ? 'int32' : 'float32');
    }),
  );
}
