import { cpu } from '@tessera/backend-cpu';
import { capture } from '@tessera/capture';
import type { DType } from '@tessera/core';
import * as layers from '@tessera/layers';
import { input, isSpec, type AnyModule, spec } from '@tessera/layers';
import * as ops from '@tessera/tensor';
import { Random, relu, setDefaultBackend, softmax, type Tensor, treeLeaves, zeros } from '@tessera/tensor';
import { checkLayer, type LayerDescription } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

type Case = Omit<LayerDescription<AnyModule>, 'reload'>;

const [sequence, other, images] = [spec([4, 2]), spec([5, 2]), spec([6, 5, 2])];
const ids = (below: number, length: number) => ({
  input: spec([length], 'int32'),
  sample: (batch: number, random: Random): Tensor => random.randint([batch, length], 0, below),
});
const merged = { input: [sequence, sequence] };

/** Every exported layer, with the options that change what it computes. */
const cases: Readonly<Record<string, Case>> = {
  Dense: { make: () => new layers.Dense(3, { activation: relu }), input: [5] },
  'Dense on sequences, without bias': { make: () => new layers.Dense(3, { useBias: false }), input: sequence },
  Embedding: { make: () => new layers.Embedding(3, 4), ...ids(3, 7) },
  'Embedding with padding': { make: () => new layers.Embedding(5, 2, { maskZero: true }), ...ids(5, 4) },
  Masking: { make: () => new layers.Masking({ maskValue: -1 }), input: sequence },
  Activation: { make: () => new layers.Activation('softmax'), input: [4] },
  Dropout: { make: () => new layers.Dropout(0.4), input: [9] },
  Flatten: { make: () => new layers.Flatten(), input: [2, 3] },
  Reshape: { make: () => new layers.Reshape([3, 2]), input: [6] },
  'Reshape with a free length': { make: () => new layers.Reshape([-1, 2]), input: sequence },
  Conv1D: { make: () => new layers.Conv1D(4, 3, { padding: 'same', activation: 'relu' }), input: [7, 2] },
  Conv2D: { make: () => new layers.Conv2D(4, 3, { padding: 'same', activation: 'relu' }), input: images },
  'Conv2D with strides, groups, borders': {
    make: () => new layers.Conv2D(4, [3, 2], { strides: 2, groups: 2, padding: 1, paddingMode: 'reflect' }),
    input: [7, 6, 2],
  },
  Conv3D: { make: () => new layers.Conv3D(3, 2), input: [3, 4, 5, 2] },
  DepthwiseConv2D: { make: () => new layers.DepthwiseConv2D(3, { depthMultiplier: 2, strides: 2 }), input: [6, 5, 3] },
  Conv1DTranspose: { make: () => new layers.Conv1DTranspose(3, 2, { strides: 2 }), input: sequence },
  Conv2DTranspose: {
    make: () => new layers.Conv2DTranspose(4, 3, { strides: 2, padding: 1, outputPadding: 1, groups: 2 }),
    input: [4, 3, 2],
  },
  Conv3DTranspose: { make: () => new layers.Conv3DTranspose(2, 2, { padding: 'same', strides: 2 }), input: [2, 3, 2, 3] },
  SimpleRNN: { make: () => new layers.SimpleRNN(3), input: sequence },
  LSTM: { make: () => new layers.LSTM(5), input: sequence },
  'LSTM of sequences, backwards': { make: () => new layers.LSTM(3, { returnSequences: true, goBackwards: true }), input: sequence },
  'LSTM from a state': { make: () => new layers.LSTM(3) as AnyModule, input: { x: sequence, state: [spec([3]), spec([3])] } },
  GRU: { make: () => new layers.GRU(5), input: sequence },
  'GRU of sequences, without bias': { make: () => new layers.GRU(3, { returnSequences: true, useBias: false }), input: sequence },
  'GRU with a mask of its own': { make: () => new layers.GRU(3) as AnyModule, input: { x: sequence, mask: spec([4], 'bool') } },
  MultiHeadAttention: { make: () => new layers.MultiHeadAttention(2), input: [5, 6] },
  'MultiHeadAttention, causal, with dropout': {
    make: () => new layers.MultiHeadAttention(2, { keyUnits: 3, causal: true, dropout: 0.2 }),
    input: [5, 4],
  },
  'MultiHeadAttention to other sequences': {
    make: () => new layers.MultiHeadAttention(2),
    input: { query: sequence, key: other, value: spec([5, 3]), mask: spec([5], 'bool') },
  },
  AdditiveAttention: { make: () => new layers.AdditiveAttention(3, { dropout: 0.3 }), input: { query: sequence, key: other } },
  TransformerEncoderLayer: { make: () => new layers.TransformerEncoderLayer(2, 8), input: [5, 4] },
  'TransformerEncoderLayer, normalised first': {
    make: () => new layers.TransformerEncoderLayer(2, 8, { normFirst: true, causal: true, dropout: 0, activation: 'gelu' }),
    input: [5, 4],
  },
  MaxPooling2D: { make: () => new layers.MaxPooling2D(2), input: images },
  AveragePooling2D: { make: () => new layers.AveragePooling2D(3, { strides: 2, padding: 1 }), input: images },
  GlobalAveragePooling1D: { make: () => new layers.GlobalAveragePooling1D(), input: sequence },
  GlobalMaxPooling1D: { make: () => new layers.GlobalMaxPooling1D({ keepDims: true }), input: sequence },
  GlobalAveragePooling2D: { make: () => new layers.GlobalAveragePooling2D({ keepDims: true }), input: images },
  GlobalMaxPooling2D: { make: () => new layers.GlobalMaxPooling2D(), input: images },
  BatchNormalization: { make: () => new layers.BatchNormalization(), input: [4, 3] },
  'BatchNormalization over axis 1': { make: () => new layers.BatchNormalization({ axis: 1, scale: false }), input: [4, 3] },
  GroupNormalization: { make: () => new layers.GroupNormalization({ groups: 2 }), input: [3, 5, 4] },
  'GroupNormalization, one feature each, over axis 1': {
    make: () => new layers.GroupNormalization({ groups: -1, axis: 1, center: false }),
    input: [3, 5],
  },
  LayerNormalization: { make: () => new layers.LayerNormalization(), input: [4, 3] },
  'LayerNormalization over two axes': { make: () => new layers.LayerNormalization({ axis: [1, 3] }), input: [4, 3, 2] },
  RMSNormalization: { make: () => new layers.RMSNormalization(), input: [4, 3] },
  Add: { make: () => new layers.Add(), input: [sequence, sequence, spec([1, 2])] },
  Average: { make: () => new layers.Average(), ...merged },
  Maximum: { make: () => new layers.Maximum(), ...merged },
  Minimum: { make: () => new layers.Minimum(), ...merged },
  Multiply: { make: () => new layers.Multiply(), ...merged },
  Subtract: { make: () => new layers.Subtract(), ...merged },
  Concatenate: { make: () => new layers.Concatenate({ axis: 1 }), input: [sequence, other] },
  'Concatenate features': { make: () => new layers.Concatenate(), input: [sequence, spec([4, 3])] },
  Dot: { make: () => new layers.Dot(-1, { normalize: true }), input: [sequence, other] },
  Sequential: {
    make: () =>
      new layers.Sequential([
        new layers.Conv2D(2, 3),
        new layers.BatchNormalization(),
        new layers.Flatten(),
        new layers.Dropout(0.3),
        new layers.Dense(3, { activation: softmax }),
      ]),
    input: [5, 5, 1],
  },
  Model: {
    make() {
      const [user, item] = [input([2], 'int32'), input([3])];
      const shared = new layers.Dense(4, { activation: 'tanh' });
      const towers = [new layers.Flatten().apply(new layers.Embedding(6, 2).apply(user)), shared.apply(item)];
      const joined = new layers.Concatenate().apply(towers);
      const dropped = new layers.Dropout(0.4).apply(joined);
      const outputs = { score: new layers.Dense(1).apply(dropped), features: shared.apply(item.mul(2)).square() };
      return new layers.Model({ inputs: { user, item }, outputs });
    },
    input: { user: spec([2], 'int32'), item: spec([3]) },
  },
  Submodel: {
    make: () =>
      layers.submodel(
        new layers.Sequential([new layers.Dense(3), new layers.BatchNormalization(), new layers.Dense(2)], { inputShape: [4] }),
        'batch_normalization',
      ),
    input: [4],
  },
};

const reload = async (layer: AnyModule): Promise<AnyModule> => layers.loadModel(await layers.saveModel(layer), { layers, ops });

it('covers every layer', () => {
  setDefaultBackend(cpu());
  const made = new Set(Object.values(cases).map(({ make }) => make().constructor));
  const classes = Object.values(layers).filter((value) => typeof value === 'function' && 'className' in value);
  expect(classes.length).toBeGreaterThan(40);
  expect(classes.filter((one) => !made.has(one)).map(({ name }) => name)).toEqual([]);
});

it('a plan says where in the model its steps are', () => {
  setDefaultBackend(cpu());
  const model = new layers.Sequential([new layers.Dense(3, { activation: relu }), new layers.Dense(2)], { inputShape: [4] });
  const forward = capture((x: Tensor) => model.apply(x));
  forward(zeros([2, 4]));
  const text = forward.plans[0]!.describe();
  expect(text).toMatch(/= matmul .* at dense$/m);
  expect(text).toMatch(/= add .* at dense$/m);
  expect(text).toMatch(/= matmul .* at dense_1$/m);
});

/** The tree with `f` applied to each spec. */
const ofSpecs = (specs: unknown, f: (shape: readonly number[], dtype: DType) => Tensor): unknown => {
  if (isSpec(specs)) return f(specs.shape, specs.dtype);
  if (Array.isArray(specs)) return typeof specs[0] === 'number' ? f(specs, 'float32') : specs.map((one) => ofSpecs(one, f));
  return Object.fromEntries(Object.entries(specs as object).map(([key, one]) => [key, ofSpecs(one, f)]));
};
const leaves = (tree: unknown): Promise<unknown> => Promise.all((treeLeaves(tree) as Tensor[]).map((leaf) => leaf.array()));

describe('in a graph a layer computes what it computes by itself, also from a file', () => {
  for (const [name, { make, input: specs, sample }] of Object.entries(cases)) {
    it(name, async () => {
      setDefaultBackend(cpu());
      const layer = make();
      const symbols = ofSpecs(specs, input);
      const graph = new layers.Model({ inputs: symbols, outputs: layer.apply(symbols as never) }) as AnyModule;
      const random = new Random(1);
      const drawn = (shape: readonly number[], dtype: DType): Tensor => random.normal([2, ...shape]).astype(dtype);
      const x = (sample ? sample(2, random) : ofSpecs(specs, drawn)) as never;
      const expected = await leaves(layer.apply(x));
      expect(await leaves(graph.apply(x))).toEqual(expected);
      expect(await leaves((await reload(graph)).apply(x))).toEqual(expected);
    });
  }
});

for (const [where, backend] of await everyBackend()) {
  describe(`layers on ${where}`, () => {
    for (const [name, layer] of Object.entries(cases)) it(name, () => checkLayer({ ...layer, reload }, backend));
  });
}
