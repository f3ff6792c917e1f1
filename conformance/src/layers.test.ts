import { cpu } from '@tessera/backend-cpu';
import * as layers from '@tessera/layers';
import { capture } from '@tessera/capture';
import { relu, setDefaultBackend, softmax, type Tensor, zeros } from '@tessera/tensor';
import { checkLayer, type LayerDescription } from '@tessera/testkit';
import { describe, expect, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

const reload = async (layer: layers.Module): Promise<layers.Module> => layers.loadModel(await layers.saveModel(layer));
const cases: readonly (LayerDescription<layers.Module> & { name: string })[] = [
  { name: 'Dense', make: () => new layers.Dense(3, { activation: relu }), inputShape: [5] },
  { name: 'Dense on sequences, without bias', make: () => new layers.Dense(3, { useBias: false }), inputShape: [4, 5] },
  { name: 'Conv2D', make: () => new layers.Conv2D(4, 3, { padding: 'same', activation: 'relu' }), inputShape: [6, 5, 2] },
  {
    name: 'Conv2D with strides, groups, borders',
    make: () => new layers.Conv2D(4, [3, 2], { strides: 2, groups: 2, padding: 1, paddingMode: 'reflect' }),
    inputShape: [7, 6, 2],
  },
  { name: 'Conv1D', make: () => new layers.Conv1D(4, 3, { padding: 'same', activation: 'relu' }), inputShape: [7, 2] },
  { name: 'Conv3D', make: () => new layers.Conv3D(3, 2), inputShape: [3, 4, 5, 2] },
  { name: 'DepthwiseConv2D', make: () => new layers.DepthwiseConv2D(3, { depthMultiplier: 2, strides: 2 }), inputShape: [6, 5, 3] },
  { name: 'Conv1DTranspose', make: () => new layers.Conv1DTranspose(3, 2, { strides: 2 }), inputShape: [4, 2] },
  {
    name: 'Conv2DTranspose',
    make: () => new layers.Conv2DTranspose(4, 3, { strides: 2, padding: 1, outputPadding: 1, groups: 2 }),
    inputShape: [4, 3, 2],
  },
  { name: 'Conv3DTranspose', make: () => new layers.Conv3DTranspose(2, 2, { padding: 'same', strides: 2 }), inputShape: [2, 3, 2, 3] },
  { name: 'SimpleRNN', make: () => new layers.SimpleRNN(3), inputShape: [4, 2] },
  { name: 'LSTM', make: () => new layers.LSTM(5), inputShape: [4, 2] },
  {
    name: 'LSTM of sequences, backwards',
    make: () => new layers.LSTM(3, { returnSequences: true, goBackwards: true }),
    inputShape: [4, 2],
  },
  { name: 'GRU', make: () => new layers.GRU(5), inputShape: [4, 2] },
  { name: 'GRU of sequences, without bias', make: () => new layers.GRU(3, { returnSequences: true, useBias: false }), inputShape: [4, 2] },
  { name: 'MultiHeadAttention', make: () => new layers.MultiHeadAttention(2), inputShape: [5, 6] },
  {
    name: 'MultiHeadAttention, causal, with dropout',
    make: () => new layers.MultiHeadAttention(2, { keyUnits: 3, causal: true, dropout: 0.2 }),
    inputShape: [5, 4],
  },
  { name: 'TransformerEncoderLayer', make: () => new layers.TransformerEncoderLayer(2, 8), inputShape: [5, 4] },
  {
    name: 'TransformerEncoderLayer, normalised first',
    make: () => new layers.TransformerEncoderLayer(2, 8, { normFirst: true, causal: true, dropout: 0, activation: 'gelu' }),
    inputShape: [5, 4],
  },
  { name: 'MaxPooling2D', make: () => new layers.MaxPooling2D(2), inputShape: [6, 5, 2] },
  { name: 'AveragePooling2D', make: () => new layers.AveragePooling2D(3, { strides: 2, padding: 1 }), inputShape: [6, 5, 2] },
  { name: 'BatchNormalization', make: () => new layers.BatchNormalization(), inputShape: [4, 3] },
  { name: 'BatchNormalization over axis 1', make: () => new layers.BatchNormalization({ axis: 1, scale: false }), inputShape: [4, 3] },
  { name: 'GroupNormalization', make: () => new layers.GroupNormalization({ groups: 2 }), inputShape: [3, 5, 4] },
  {
    name: 'GroupNormalization, one feature each, over axis 1',
    make: () => new layers.GroupNormalization({ groups: -1, axis: 1, center: false }),
    inputShape: [3, 5],
  },
  { name: 'Embedding', make: () => new layers.Embedding(3, 4), inputShape: [7] },
  { name: 'LayerNormalization', make: () => new layers.LayerNormalization(), inputShape: [4, 3] },
  { name: 'LayerNormalization over two axes', make: () => new layers.LayerNormalization({ axis: [1, 3] }), inputShape: [4, 3, 2] },
  { name: 'RMSNormalization', make: () => new layers.RMSNormalization(), inputShape: [4, 3] },
  { name: 'Dropout', make: () => new layers.Dropout(0.4), inputShape: [9] },
  { name: 'Flatten', make: () => new layers.Flatten(), inputShape: [2, 3] },
  { name: 'Reshape', make: () => new layers.Reshape([3, 2]), inputShape: [6] },
  { name: 'Activation', make: () => new layers.Activation('softmax'), inputShape: [4] },
  {
    name: 'Sequential',
    make: () => new layers.Sequential([new layers.Conv2D(2, 3), new layers.Flatten(), new layers.Dense(3, { activation: softmax })]),
    inputShape: [5, 5, 1],
  },
];

it('covers every layer', () => {
  const made = new Set(cases.map(({ make }) => make().className));
  expect(layers.builtinLayers.map(({ className }) => className).filter((name) => !made.has(name))).toEqual([]);
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

for (const [where, backend] of await everyBackend()) {
  describe(`layers on ${where}`, () => {
    for (const { name, ...layer } of cases) it(name, () => checkLayer({ ...layer, reload }, backend));
  });
}
