import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { writeSafetensors } from '@tessera/formats';
import { maskOf, maskOfLengths, Random, setDefaultBackend, tensor, type Tensor, tidy, withMask } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sequential } from '../module/sequential.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { weightsOf } from '../save/weights.ts';
import { TransformerEncoderLayer } from './transformer-encoder-layer.ts';

const waves = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.3 + seed)),
    { shape },
  );
async function close(a: Tensor, b: Tensor, tolerance = 1e-5): Promise<void> {
  expect(a.shape).toEqual(b.shape);
  const [left, right] = [[...(await a.data())] as number[], [...(await b.data())] as number[]];
  left.forEach((value, i) => expect(Math.abs(value - right[i]!), `${value} and ${right[i]}`).toBeLessThanOrEqual(tolerance));
}

beforeEach(() => void setDefaultBackend(cpu()));

const paths = [
  ...['query', 'key', 'value', 'output'].flatMap((name) => [`attention.${name}Kernel`, `attention.${name}Bias`]),
  ...['norm1', 'norm2'].flatMap((name) => [`${name}.gamma`, `${name}.beta`]),
  ...['dense1', 'dense2'].flatMap((name) => [`${name}.kernel`, `${name}.bias`]),
];

describe.each([false, true])('with normFirst %s', (normFirst) => {
  const made = (options: object = {}): TransformerEncoderLayer =>
    new TransformerEncoderLayer(2, 8, { normFirst, ...options }).build([5, 4], { seed: 5 });

  it('has the variables that it has had', () => {
    expect(Object.keys(made().variables())).toEqual(paths);
    expect(made().variables()['dense2.kernel']!.shape).toEqual([8, 4]);
  });

  it.each([false, true])('sees no padding, and hands the mask on; causal %s', async (causal) => {
    const layers = new Sequential([made({ causal }), made({ causal })]);
    const x = waves([2, 5, 4]);
    const mask = maskOfLengths(tensor(Int32Array.of(5, 3)), 5);
    const y = layers.apply(withMask(x, mask));
    expect(maskOf(y)).toBe(mask);
    await close(y.at([1, 2], [0, 3]), layers.apply(x.at([1, 2], [0, 3])));
    await close(y.at([0, 1]), layers.apply(x.at([0, 1])));
  });

  it('has finite gradients where nothing is seen', async () => {
    const layer = made({ causal: true });
    // Padding before: the first queries see only padding.
    const mask = tensor(
      [
        [false, false, true, true, true],
        [false, false, false, false, false],
      ],
      { dtype: 'bool' },
    );
    const x = withMask(waves([2, 5, 4]), mask);
    const gradients = tidy(() => grad(() => layer.apply(x).square().sum())(layer.variables())) as Record<string, Tensor>;
    for (const one of Object.values(gradients)) expect(Number.isFinite(await one.square().sum().item())).toBe(true);
  });

  it('drops in four places, each by its own draws', async () => {
    const layer = made({ dropout: 0.5 });
    const x = waves([2, 5, 4]);
    const dropped = (seed: number): Promise<unknown> => layer.apply(x, { training: true, random: new Random(seed) }).array();
    expect(await dropped(1)).toEqual(await dropped(1));
    expect(await dropped(1)).not.toEqual(await dropped(2));
    await close(layer.apply(x), made({ dropout: 0 }).apply(x));
  });

  it('is saved, and read from files of the first version', async () => {
    const layer = made({ activation: 'gelu', causal: true, epsilon: 1e-3 });
    const x = waves([2, 5, 4]);
    const y = await layer.apply(x).array();
    const layers = { layers: TransformerEncoderLayer };
    expect(await (loadModel(await saveModel(layer), layers) as TransformerEncoderLayer).apply(x).array()).toEqual(y);
    const config = { heads: 2, units: 8, activation: 'gelu', dropout: 0.1, normFirst, causal: true, epsilon: 1e-3, name: '' };
    const first = writeSafetensors(await weightsOf(layer), {
      format: 'tessera-model-1',
      model: JSON.stringify({ className: 'TransformerEncoderLayer', config, inputShape: [5, 4] }),
    });
    expect(await (loadModel(first, layers) as TransformerEncoderLayer).apply(x).array()).toEqual(y);
  });
});
