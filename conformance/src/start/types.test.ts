import { cpu } from '@tessera/backend-cpu';
import { ArrayDataset, type Column, column } from '@tessera/data';
import { makeModel } from '@tessera/examples/start/multi-task.ts';
import { makeModels } from '@tessera/examples/start/wgan-gp.ts';
import { makeModel as makeClassifier } from '@tessera/examples/start/transfer.ts';
import { Translator } from '@tessera/examples/start/translator.ts';
import { TwoTowers } from '@tessera/examples/start/two-towers.ts';
import { UNet } from '@tessera/examples/start/u-net.ts';
import { type AnyModule, LSTM, type Module, type SpecsOf, type TensorSpec } from '@tessera/layers';
import { crossEntropy, meanSquaredError } from '@tessera/losses';
import { accuracy } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { setDefaultBackend, type Tensor } from '@tessera/tensor';
import { compile, type Examples, type Predictions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { beforeEach, expect, expectTypeOf, it } from 'vitest';

beforeEach(() => void setDefaultBackend(cpu()));

type Answers = { readonly digit: Tensor; readonly ink: Tensor };
const [loss, optimizer] = [{ digit: crossEntropy({ fromLogits: true }), ink: meanSquaredError() }, adam()];

it('one list takes modules of whatever inputs and outputs', () => {
  const { generator, critic } = makeModels(1);
  const all: readonly AnyModule[] = [
    new TwoTowers(),
    new Translator(),
    generator,
    critic,
    new UNet(),
    makeClassifier(),
    makeModel(1),
    new LSTM(3),
  ];
  expect(all).toHaveLength(8);
});

it('a misspelt output does not compile', () => {
  const model = makeModel(1);
  compile(model, { loss, optimizer, metrics: { digit: [accuracy()] }, lossWeights: { ink: 2 } });
  // @ts-expect-error a loss of no output
  compile(model, { loss: { digits: crossEntropy() }, optimizer });
  // @ts-expect-error metrics of no output
  expect(() => compile(model, { loss, optimizer, metrics: { digits: [accuracy()] } })).not.toThrow();
  // @ts-expect-error the weight of no output
  expect(() => compile(model, { loss, optimizer, lossWeights: { digits: 2 } })).toThrow(
    '[compile] lossWeights must be of outputs with a loss: got digits',
  );
  // @ts-expect-error a loss for each output of a model that has one
  compile(new UNet(), { loss: { mask: crossEntropy() }, optimizer });
});

it('the tree of a model is that of its data, its specs and its predictions', () => {
  const model = makeModel(1);
  expectTypeOf(model).toExtend<Module<Tensor, Answers>>();
  expectTypeOf(model.outputSpec()).toEqualTypeOf<SpecsOf<Answers>>();
  expectTypeOf(model.outputSpec().digit).toEqualTypeOf<TensorSpec>();
  expectTypeOf<Predictions<Answers>>().toEqualTypeOf<{
    readonly digit: Column<Float32Array<ArrayBuffer>>;
    readonly ink: Column<Float32Array<ArrayBuffer>>;
  }>();
  const trainer = compile(model, { loss, optimizer });
  expectTypeOf(trainer).toEqualTypeOf<Trainer<SupervisedColumns<Tensor, Answers>, Module<Tensor, Answers>>>();
  expect(model.outputSpec().digit.shape).toEqual([10]);
});

it('data of another tree does not compile', async () => {
  const trainer = compile(new TwoTowers({ users: 3, items: 3 }), { loss: meanSquaredError(), optimizer });
  const [user, item, y] = [column(Int32Array.of(0, 1)), column(Int32Array.of(2, 0)), column([1, 2])];
  await trainer.fit(new ArrayDataset({ x: { user, item }, y }), { epochs: 1 });
  // @ts-expect-error a misspelt input
  const misspelt: Examples<SupervisedColumns<{ user: Tensor; item: Tensor }, Tensor>> = new ArrayDataset({ x: { user, film: item }, y });
  // @ts-expect-error a misspelt input
  await expect(trainer.fit(new ArrayDataset({ x: { user, film: item }, y }), { epochs: 1 })).rejects.toThrow(
    'the model takes user, item: got user, film',
  );
  // @ts-expect-error a misspelt input
  await expect(trainer.evaluate(new ArrayDataset({ x: { user, film: item }, y }))).rejects.toThrow(
    'the model takes user, item: got user, film',
  );
  expect(misspelt).toBeDefined();
});
