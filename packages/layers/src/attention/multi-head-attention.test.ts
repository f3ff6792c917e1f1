import { fc, test } from '@fast-check/vitest';
import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import {
  concat,
  maskOf,
  maskOfLengths,
  ones,
  Random,
  setDefaultBackend,
  take,
  tensor,
  type Tensor,
  tidy,
  tril,
  withMask,
  zeros,
} from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { constant } from '../initializers.ts';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import type { Module } from '../module/module.ts';
import { Sequential } from '../module/sequential.ts';
import { loadModel } from '../save/load-model.ts';
import { saveModel } from '../save/save-model.ts';
import { MultiHeadAttention } from './multi-head-attention.ts';

const waves = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.3 + seed)),
    { shape },
  );
const boolMask = (rows: readonly (readonly boolean[])[]): Tensor =>
  tensor(rows.flat(), { shape: [rows.length, rows[0]!.length], dtype: 'bool' });
async function close(a: Tensor, b: Tensor, tolerance = 1e-5): Promise<void> {
  expect(a.shape).toEqual(b.shape);
  const [left, right] = [[...(await a.data())] as number[], [...(await b.data())] as number[]];
  left.forEach((value, i) => expect(Math.abs(value - right[i]!), `${value} and ${right[i]}`).toBeLessThanOrEqual(tolerance));
}
/** A layer whose biases are not 0. */
function biased(layer: MultiHeadAttention, ...shape: readonly number[]): MultiHeadAttention {
  layer.build(shape, { seed: 3 });
  for (const [path, variable] of Object.entries(layer.variables())) if (path.endsWith('Bias')) variable.assign(waves(variable.shape));
  return layer;
}

beforeEach(() => void setDefaultBackend(cpu()));

const sequences = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }))
  .chain(([n, s]) => fc.array(fc.array(fc.boolean(), { minLength: s, maxLength: s }), { minLength: n, maxLength: n }));

describe('masks of keys', () => {
  test.prop([sequences, fc.boolean()], { numRuns: 20 })('leave out what they say: values and gradients', async (rows, causal) => {
    const layer = biased(new MultiHeadAttention(2, { causal }), 5, 4);
    const [n, s] = [rows.length, rows[0]!.length];
    const x = waves([n, s, 4]);
    const mask = boolMask(rows);
    // Each query over the keys that it sees, and no others: a row of 0 for one that sees none.
    const expected = (v: Tensor): Tensor =>
      concat(
        rows.map((row, i) =>
          concat(
            row.map((_, t) => {
              const one = v.at([i, i + 1]);
              const keys = row.flatMap((real, k) => (real && (!causal || k <= t) ? [k] : []));
              if (keys.length === 0) return zeros([1, 1, 4]);
              // Causal order is by places, which change as keys are left out.
              const open = { query: one.at(':', [t, t + 1]), key: take(one, keys, 1) };
              return causal ? whole.apply(open) : layer.apply(open);
            }),
            1,
          ),
        ),
      );
    const whole = new MultiHeadAttention(2).build([5, 4]);
    for (const [path, variable] of Object.entries(layer.variables())) whole.variables()[path]!.assign(variable.peek());
    const masked = (v: Tensor): Tensor => layer.apply({ query: v, mask });
    await close(masked(x), expected(x));
    await close(layer.apply(withMask(x, mask)), expected(x));
    const loss = (y: Tensor): Tensor => y.mul(waves(y.shape)).sum();
    await close(
      grad((v: Tensor) => loss(masked(v)))(x) as Tensor,
      rows.flat().some(Boolean) ? (grad((v: Tensor) => loss(expected(v)))(x) as Tensor) : zeros(x.shape),
      1e-4,
    );
  });

  it('equal the sequence cut to its length', async () => {
    const layer = biased(new MultiHeadAttention(2), 5, 4);
    const x = waves([2, 5, 4]);
    const y = layer.apply(withMask(x, maskOfLengths(tensor(Int32Array.of(5, 3)), 5)));
    await close(y.at([0, 1]), layer.apply(x.at([0, 1])));
    await close(y.at([1, 2], [0, 3]), layer.apply(x.at([1, 2], [0, 3])));
  });

  it('give 0 with gradients of 0 where a query sees nothing', async () => {
    const layer = biased(new MultiHeadAttention(2), 5, 4);
    const x = waves([2, 5, 4]);
    const none = maskOfLengths(tensor(Int32Array.of(0, 0)), 5);
    await close(layer.apply({ query: x, mask: none }), zeros([2, 5, 4]));
    const gradients = tidy(() => grad(() => layer.apply({ query: x, mask: none }).square().sum())(layer.variables())) as Record<
      string,
      Tensor
    >;
    for (const one of Object.values(gradients)) await close(one, zeros(one.shape));
    for (const mask of [zeros([5, 5]).add(-Infinity), zeros([2, 2, 5, 5]).add(-Infinity)])
      await close(layer.apply({ query: x, mask }), zeros([2, 5, 4]));
  });
});

describe('masks of scores', () => {
  it('may be bool or numbers, and differ between queries and heads', async () => {
    const layer = biased(new MultiHeadAttention(2), 5, 4);
    const x = waves([2, 5, 4]);
    const causal = biased(new MultiHeadAttention(2, { causal: true }), 5, 4).apply(x);
    const seen = tril(ones([1, 5, 5])).astype('bool');
    await close(layer.apply({ query: x, mask: seen }), causal);
    await close(layer.apply({ query: x, mask: tril(ones([5, 5])).log() }), causal);
    const heads = concat([tril(ones([1, 1, 5, 5])), zeros([1, 1, 5, 5])], 1).astype('bool');
    const y = layer.apply({ query: x, mask: heads });
    const { outputKernel } = layer.variables();
    // The second head sees nothing and adds nothing.
    outputKernel!.assign(outputKernel!.read().mul(tensor([[1], [1], [0], [0]])));
    await close(y, layer.apply({ query: x, mask: seen }));
  });

  it('take the place of the mask of the key', async () => {
    const layer = biased(new MultiHeadAttention(2), 5, 4);
    const [x, none] = [waves([2, 5, 4]), maskOfLengths(tensor(Int32Array.of(0, 0)), 5)];
    await close(layer.apply({ query: withMask(x, none), mask: zeros([5, 5]) }), layer.apply(x));
  });

  it('of two axes are masks of keys where they are bool', () => {
    const layer = new MultiHeadAttention(2);
    expect(() => layer.apply({ query: waves([2, 5, 4]), mask: tril(ones([5, 5])).astype('bool') })).toThrow(
      '[MultiHeadAttention] a bool mask of two axes tells which keys are seen, [N, S]: got [5, 5] for scores [2, 2, 5, 5]. One that differs between queries is [1, T, S].',
    );
  });
});

it('keeps the mask of the query, not that of the key', () => {
  const layer = new MultiHeadAttention(2);
  const [short, long] = [2, 4].map((length) => maskOfLengths(tensor(Int32Array.of(length)), 5)) as [Tensor, Tensor];
  const [query, key] = [withMask(waves([1, 5, 4]), short), withMask(waves([1, 5, 4], 2), long)];
  expect(maskOf(layer.apply({ query, key }))).toBe(short);
  expect(maskOf(layer.apply({ query: waves([1, 5, 4]), key }))).toBeUndefined();
  expect(maskOf(layer.apply(query))).toBe(short);
});

it('query, key and value may differ in features', async () => {
  const layer = new MultiHeadAttention(2);
  const y = layer.apply({ query: waves([2, 3, 4]), key: waves([2, 5, 6]), value: waves([2, 5, 7]) });
  expect(y.shape).toEqual([2, 3, 4]);
  expect(Object.fromEntries(Object.entries(layer.variables()).map(([path, { shape }]) => [path, shape]))).toEqual({
    queryKernel: [4, 4],
    queryBias: [4],
    keyKernel: [6, 4],
    keyBias: [4],
    valueKernel: [7, 4],
    valueBias: [4],
    outputKernel: [4, 4],
    outputBias: [4],
  });
  expect(new MultiHeadAttention(2).build({ query: [3, 4], key: [5, 6] }).outputSpec().shape).toEqual([3, 4]);
  expect(() => new MultiHeadAttention(3).build([5, 4])).toThrow('[MultiHeadAttention] features must be a multiple of heads: got 4 for 3');
  expect(() => new MultiHeadAttention(2).build({ query: [3, 4], key: [6] })).toThrow('input must be [N, T, features]: got [N, 6]');
});

it('is a module of tensors, in lists and graphs, and is saved', async () => {
  const layer = new MultiHeadAttention(2, { keyUnits: 3, kernelInitializer: constant(0.1) });
  const model = new Sequential([layer, new MultiHeadAttention(4)] satisfies readonly Module[]);
  const x = waves([2, 5, 4]);
  expect(model.apply(x).shape).toEqual([2, 5, 4]);
  const [query, key, mask] = [input([null, 4]), input([null, 4]), input([null], 'bool')];
  const graph = new Model({ inputs: { query, key, mask }, outputs: layer.apply({ query, key, mask }) });
  const given = { query: x, key: waves([2, 3, 4]), mask: maskOfLengths(tensor(Int32Array.of(1, 3)), 3) };
  await close(graph.apply(given), layer.apply(given));
  const again = loadModel(await saveModel(layer), { layers: [MultiHeadAttention, constant] }) as MultiHeadAttention;
  await close(again.apply(x), layer.apply(x));
});

it('drops weights when training alone', async () => {
  const layer = new MultiHeadAttention(2, { dropout: 0.5 }).build([5, 4]);
  const x = waves([2, 5, 4]);
  const dropped = (seed: number): Promise<unknown> => layer.apply(x, { training: true, random: new Random(seed) }).array();
  expect(await dropped(1)).toEqual(await dropped(1));
  expect(await dropped(1)).not.toEqual(await dropped(2));
  await close(layer.apply(x), layer.apply(x, { random: new Random(1) }));
  expect(() => layer.apply(x, { training: true })).toThrow('[MultiHeadAttention] needs a source of random numbers when training');
});
