import { cpu } from '@tessera/backend-cpu';
import * as ops from '@tessera/tensor';
import { maskOf, maskOfLengths, op, relu, setDefaultBackend, tensor, type Tensor, withMask, zeros } from '@tessera/tensor';
import { beforeAll, expect, it } from 'vitest';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { Activation } from './activation.ts';

beforeAll(() => void setDefaultBackend(cpu()));

it('takes a function or its name', async () => {
  for (const activation of [relu, 'relu']) {
    expect(await new Activation(activation).apply(tensor([[-1, 2]])).array()).toEqual([[0, 2]]);
  }
  expect(() => new Activation('rleu')).toThrow('[Activation] activation must be a function, or one of elu');
  expect(() => new Activation(undefined as never)).toThrow('got nothing');
});

it('hands the mask on, whatever the function', () => {
  const x = withMask(zeros([2, 3, 4]), maskOfLengths(tensor(Int32Array.of(1, 3)), 3));
  for (const activation of ['relu', 'softmax', 'linear']) expect(maskOf(new Activation(activation).apply(x))).toBe(maskOf(x));
});

it('is saved by name: of a table, or of an op', async () => {
  const x = tensor([[-1, 2]]);
  const double: (x: Tensor) => Tensor = op('@test/double', (t) => t.mul(2));
  for (const activation of [relu, double]) {
    const layer = new Activation(activation).build([2]);
    const again = loadModel(await saveModel(layer), { layers: [Activation], ops: [ops, double] }) as unknown as Activation;
    expect(await again.apply(x).array()).toEqual(await layer.apply(x).array());
  }
  await expect(saveModel(new Activation((t) => t.mul(3)).build([2]))).rejects.toThrow('an activation must have a name that files know');
});
