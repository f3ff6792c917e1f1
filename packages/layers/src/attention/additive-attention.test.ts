import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import {
  concat,
  maskOf,
  maskOfLengths,
  notEqual,
  Random,
  setDefaultBackend,
  tensor,
  type Tensor,
  tidy,
  withMask,
  zeros,
} from '@tessera/tensor';
import { beforeEach, expect, it } from 'vitest';
import { Dense } from '../core/dense.ts';
import { Embedding } from '../core/embedding.ts';
import { Module } from '../module/module.ts';
import { LSTM } from '../recurrent/lstm.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { AdditiveAttention } from './additive-attention.ts';

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

it('is the weighted sum of the formula', async () => {
  const layer = new AdditiveAttention(3).build({ query: [2, 4], key: [5, 6] }, { seed: 2 });
  const [query, key, value] = [waves([1, 2, 4]), waves([1, 5, 6]), waves([1, 5, 7])];
  const y = (await layer.apply({ query, key, value }).array()) as number[][][];
  const rows = async (x: Tensor): Promise<number[][]> => (await x.squeeze(0).array()) as number[][];
  const variable = async (name: 'queryKernel' | 'keyKernel'): Promise<number[][]> => (await layer[name].peek().array()) as number[][];
  const [q, k, v, w, u, scale] = [
    await rows(query),
    await rows(key),
    await rows(value),
    await variable('queryKernel'),
    await variable('keyKernel'),
    (await layer.scale.peek().array()) as number[],
  ];
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, one, i) => sum + one * b[i]!, 0);
  const column = (m: readonly number[][], j: number): number[] => m.map((row) => row[j]!);
  q.forEach((one, t) => {
    const powers = k.map((other) =>
      Math.exp(
        dot(
          scale,
          scale.map((_, j) => Math.tanh(dot(one, column(w, j)) + dot(other, column(u, j)))),
        ),
      ),
    );
    const sum = powers.reduce((a, b) => a + b);
    v[0]!.forEach((_, f) => expect(y[0]![t]![f]).toBeCloseTo(dot(powers, column(v, f)) / sum, 5));
  });
});

it('sees no key that a mask leaves out, and gives 0 where there is none', async () => {
  const layer = new AdditiveAttention(3);
  const [query, key, lengths] = [waves([3, 2, 4]), waves([3, 5, 6]), Int32Array.of(5, 2, 0)];
  const mask = maskOfLengths(tensor(lengths), 5);
  const y = layer.apply({ query, key, mask });
  await close(y.at([1, 2]), layer.apply({ query: query.at([1, 2]), key: key.at([1, 2], [0, 2]) }));
  await close(y.at([2, 3]), zeros([1, 2, 6]));
  await close(layer.apply({ query, key: withMask(key, mask) }), y);
  await close(layer.apply({ query, key, mask: mask.expandDims(1) }), y);
  await close(layer.apply({ query, key, mask: mask.expandDims(1).astype('float32').log() }), y);

  const loss = (k: Tensor): Tensor =>
    layer
      .apply({ query, key: k, mask })
      .mul(waves([3, 2, 6]))
      .sum();
  const dk = tidy(() => grad(loss)(key)) as Tensor;
  const cut = tidy(() =>
    grad((k: Tensor) =>
      layer
        .apply({ query: query.at([1, 2]), key: k })
        .mul(waves([3, 2, 6]).at([1, 2]))
        .sum(),
    )(key.at([1, 2], [0, 2])),
  ) as Tensor;
  await close(dk.at([1, 2]), concat([cut, zeros([1, 3, 6])], 1));
  await close(dk.at([2, 3]), zeros([1, 5, 6]));
});

it('keeps the mask of the query and is saved', async () => {
  const layer = new AdditiveAttention(3, { dropout: 0.5 });
  const mask = maskOfLengths(tensor(Int32Array.of(1)), 2);
  const given = { query: withMask(waves([1, 2, 4]), mask), key: waves([1, 5, 6]) };
  const y = layer.apply(given);
  expect(maskOf(y)).toBe(mask);
  expect(Object.keys(layer.variables())).toEqual(['queryKernel', 'keyKernel', 'scale']);
  await close((loadModel(await saveModel(layer), { layers: AdditiveAttention }) as AdditiveAttention).apply(given), y);
  const dropped = (seed: number): Promise<unknown> => layer.apply(given, { training: true, random: new Random(seed) }).array();
  expect(await dropped(1)).not.toEqual(await dropped(2));
});

it('joins an encoder and a decoder', async () => {
  type Pair = { readonly source: Tensor; readonly target: Tensor };
  class Translator extends Module<Pair> {
    static readonly className = 'Translator';
    private readonly from = new Embedding(20, 6);
    private readonly into = new Embedding(20, 6);
    private readonly encoder = new LSTM(8);
    private readonly decoder = new LSTM(8);
    private readonly attention = new AdditiveAttention(8);
    private readonly out = new Dense(20);
    override call({ source, target }: Pair): Tensor {
      const mask = notEqual(source, 0);
      const memory = this.encoder.apply({ x: this.from.apply(source), mask });
      const { sequence } = this.decoder.apply({ x: this.into.apply(target), state: memory.state });
      const read = this.attention.apply({ query: sequence, key: memory.sequence, mask });
      return this.out.apply(concat([sequence, read], -1));
    }
  }
  const model = new Translator();
  const ids = (values: readonly number[]): Tensor => tensor(Int32Array.from(values), { shape: [1, values.length] });
  const target = ids([1, 2, 3]);
  const y = model.apply({ source: ids([4, 5, 0, 0, 0]), target });
  expect(y.shape).toEqual([1, 3, 20]);
  await close(y, model.apply({ source: ids([4, 5]), target }));
  const gradients = tidy(() =>
    grad(() =>
      model
        .apply({ source: ids([4, 5, 0]), target })
        .square()
        .sum(),
    )(model.variables()),
  ) as Record<string, Tensor>;
  for (const one of Object.values(gradients)) expect(Number.isFinite(await one.square().sum().item())).toBe(true);
});
