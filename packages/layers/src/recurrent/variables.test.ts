import { cpu } from '@tessera/backend-cpu';
import { writeSafetensors } from '@tessera/formats';
import { relu, setDefaultBackend, tensor, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { constant } from '../initializers.ts';
import { penalty } from '../penalty.ts';
import { l2 } from '../regularizers.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { weightsOf } from '../save/weights.ts';
import { GRU } from './gru.ts';
import { LSTM } from './lstm.ts';
import { SimpleRNN } from './simple-rnn.ts';

beforeAll(() => void setDefaultBackend(cpu()));

it('variables have the names and shapes that they have had', () => {
  const shapes = (layer: LSTM | GRU | SimpleRNN): object =>
    Object.fromEntries(Object.entries(layer.build([null, 3]).variables()).map(([path, { shape }]) => [path, shape]));
  expect(shapes(new SimpleRNN(2))).toEqual({ kernel: [3, 2], recurrentKernel: [2, 2], bias: [2] });
  expect(shapes(new LSTM(2))).toEqual({ kernel: [3, 8], recurrentKernel: [2, 8], bias: [8] });
  expect(shapes(new GRU(2))).toEqual({ kernel: [3, 6], recurrentKernel: [2, 6], bias: [6], recurrentBias: [6] });
  expect(shapes(new GRU(2, { useBias: false }))).toEqual({ kernel: [3, 6], recurrentKernel: [2, 6] });
});

it('the bias of the forget gate begins at 1', async () => {
  const bias = (options: object): Promise<unknown> => new LSTM(1, options).build([null, 3]).bias!.peek().array();
  expect(await bias({})).toEqual([0, 1, 0, 0]);
  expect(await bias({ biasInitializer: constant(2) })).toEqual([2, 3, 2, 2]);
  expect(await bias({ unitForgetBias: false })).toEqual([0, 0, 0, 0]);
});

it('variables are regularised each by its own', async () => {
  const layer = new LSTM(2, { recurrentRegularizer: l2(1), biasRegularizer: l2(10) }).build([null, 3]);
  const { recurrentKernel, bias } = layer.variables();
  const expected = recurrentKernel!.peek().square().sum().add(bias!.peek().square().sum().mul(10));
  expect(await penalty(layer)!.item()).toBeCloseTo(await expected.item(), 4);
});

it('layers are saved with their options', async () => {
  const x = zeros([1, 4, 3]).add(0.5);
  for (const layer of [
    new SimpleRNN(2, { activation: relu, returnSequences: true }),
    new LSTM(2, { goBackwards: true, kernelRegularizer: l2(0.1), name: 'memory' }),
    new GRU(2, { useBias: false, recurrentInitializer: constant(0.1) }),
  ]) {
    const y = layer.apply(x);
    const again = loadModel(await saveModel(layer), { layers: [SimpleRNN, LSTM, GRU, constant] }) as LSTM;
    expect(again.name).toBe(layer.name);
    expect(await again.apply(x).array()).toEqual(await y.array());
  }
  const model = new LSTM(2);
  const { sequence } = model.apply({ x, state: [zeros([1, 2]), zeros([1, 2])] });
  const again = loadModel(await saveModel(model), { layers: LSTM }) as LSTM;
  expect(await again.apply({ x }).sequence.array()).toEqual(await sequence.array());
});

it('files of the first version are read', async () => {
  const layer = new LSTM(2, { goBackwards: true }).build([null, 3], { seed: 4 });
  const config = { units: 2, returnSequences: false, goBackwards: true, useBias: true, name: '' };
  const bytes = writeSafetensors(await weightsOf(layer), {
    format: 'tessera-model-1',
    model: JSON.stringify({ className: 'LSTM', config, inputShape: [4, 3] }),
  });
  const x = tensor(
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    { shape: [1, 4, 3] },
  );
  expect(await (loadModel(bytes, { layers: LSTM }) as LSTM).apply(x).array()).toEqual(await layer.apply(x).array());
});
