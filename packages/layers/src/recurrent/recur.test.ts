import { fc, test } from '@fast-check/vitest';
import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { concat, maskOf, maskOfLengths, setDefaultBackend, take, tensor, type Tensor, tidy, withMask, zeros } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { Dense } from '../core/dense.ts';
import { Embedding } from '../core/embedding.ts';
import { input } from '../module/input.ts';
import { Model } from '../module/model.ts';
import type { AnyModule, Module } from '../module/module.ts';
import { Sequential } from '../module/sequential.ts';
import { GRU } from './gru.ts';
import { LSTM } from './lstm.ts';
import type { RecurrentOutput } from './recur.ts';
import { SimpleRNN } from './simple-rnn.ts';

const FEATURES = 3;
const UNITS = 4;
const layers = {
  SimpleRNN: (options: object) => new SimpleRNN(UNITS, options),
  LSTM: (options: object) => new LSTM(UNITS, options),
  GRU: (options: object) => new GRU(UNITS, options),
};
type Name = keyof typeof layers;
const names = Object.keys(layers) as Name[];
const made = (name: Name, options: object = {}): LSTM => layers[name](options).build([5, FEATURES], { seed: 7 }) as LSTM;
const states = (name: Name): number => (name === 'LSTM' ? 2 : 1);

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

/** What a layer gives for rows of real steps only, each cut to them and put back by the definition of masks. */
function cut(layer: LSTM, x: Tensor, state: readonly Tensor[], mask: readonly (readonly boolean[])[]): RecurrentOutput {
  const rows = mask.map((row, n): RecurrentOutput => {
    const own = state.map((part) => part.at([n, n + 1]));
    const real = row.flatMap((held, t) => (held ? [t] : []));
    const read = layer.options.goBackwards ? [...row].reverse() : row;
    const count = read.map((_, t) => read.slice(0, t + 1).filter(Boolean).length);
    const none = zeros([1, 1, UNITS]);
    if (real.length === 0) return { sequence: take(none, count, 1), state: own };
    const { sequence, state: after } = layer.apply({ x: take(x.at([n, n + 1]), real, 1), state: own });
    return { sequence: take(concat([none, sequence], 1), count, 1), state: after };
  });
  return {
    sequence: concat(rows.map(({ sequence }) => sequence)),
    state: state.map((_, i) => concat(rows.map((row) => row.state[i]!))),
  };
}

const masks = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }))
  .chain(([n, t]) => fc.array(fc.array(fc.boolean(), { minLength: t, maxLength: t }), { minLength: n, maxLength: n }));

beforeEach(() => void setDefaultBackend(cpu()));

describe.each(names)('%s', (name) => {
  test.prop([masks, fc.boolean(), fc.boolean()], { numRuns: 20 })(
    'with a mask gives what it gives for the real steps alone: values, states and gradients',
    async (rows, goBackwards, begins) => {
      const layer = made(name, { goBackwards });
      const [n, t] = [rows.length, rows[0]!.length];
      const x = waves([n, t, FEATURES]);
      const state = Array.from({ length: states(name) }, (_, i) => (begins ? waves([n, UNITS], i) : zeros([n, UNITS])));
      const mask = boolMask(rows);
      const given = (v: Tensor): RecurrentOutput => layer.apply({ x: v, mask, ...(begins ? { state } : {}) });
      const [masked, expected] = [given(x), cut(layer, x, state, rows)];
      await close(masked.sequence, expected.sequence);
      for (const [i, part] of masked.state.entries()) await close(part, expected.state[i]!);
      expect(await maskOf(masked.sequence)!.array()).toEqual(
        goBackwards ? await boolMask(rows.map((row) => [...row].reverse())).array() : await mask.array(),
      );

      const loss = ({ sequence, state: after }: RecurrentOutput): Tensor =>
        [sequence, ...after].map((part, i) => part.mul(waves(part.shape, i)).sum()).reduce((a, b) => a.add(b));
      const gradients = (f: (v: Tensor) => RecurrentOutput): Tensor[] =>
        tidy(() => [grad((v: Tensor) => loss(f(v)))(x), ...Object.values(grad(() => loss(f(x)))(layer.variables()))] as Tensor[]);
      const ours = gradients(given);
      if (rows.flat().some(Boolean)) {
        for (const [i, one] of gradients((v) => cut(layer, v, state, rows)).entries()) await close(ours[i]!, one, 1e-4);
      } else {
        for (const one of ours) await close(one, zeros(one.shape));
      }
    },
  );

  it('without sequences gives the last real output: 0 where no step is real', async () => {
    const layer = made(name);
    const x = waves([3, 5, FEATURES]);
    const y = layer.apply(withMask(x, maskOfLengths(tensor(Int32Array.of(5, 2, 0)), 5)));
    expect(maskOf(y)).toBeUndefined();
    await close(y.at([0, 1]), layer.apply(x.at([0, 1])));
    await close(y.at([1, 2]), layer.apply(x.at([1, 2], [0, 2])));
    await close(y.at([2, 3]), zeros([1, UNITS]));
  });

  it('hands the mask on with sequences, and prefers the one given to that of x', async () => {
    const layer = made(name, { returnSequences: true });
    const [x, short, long] = [waves([2, 5, FEATURES]), [2, 3], [4, 5]].map((v) =>
      Array.isArray(v) ? maskOfLengths(tensor(Int32Array.from(v)), 5) : v,
    ) as [Tensor, Tensor, Tensor];
    const y = layer.apply(withMask(x, short));
    expect(maskOf(y)).toBe(short);
    const { sequence } = layer.apply({ x: withMask(x, short), mask: long });
    expect(maskOf(sequence)).toBe(long);
    await close(sequence, layer.apply(withMask(x, long)));
  });

  it('gives outputs that do not depend on what stands in padding, were it NaN', async () => {
    const layer = made(name);
    const [x, mask] = [waves([2, 5, FEATURES]), maskOfLengths(tensor(Int32Array.of(2, 3)), 5)];
    const spoiled = concat([x.at(':', [0, 3]), x.at(':', [3, 5]).mul(NaN)], 1);
    await close(layer.apply(withMask(spoiled, mask)), layer.apply(withMask(x, mask)));
  });

  it('goes on from the state of the piece before, with and without masks', async () => {
    const layer = made(name);
    const x = waves([2, 6, FEATURES]);
    for (const mask of [
      undefined,
      boolMask([
        [true, true, false, true, true, false],
        [false, true, true, true, false, true],
      ]),
    ]) {
      const piece = (from: number, to: number, state?: readonly Tensor[]): RecurrentOutput =>
        layer.apply({ x: x.at(':', [from, to]), mask: mask?.at(':', [from, to]), state });
      const whole = layer.apply({ x, mask });
      const first = piece(0, 4);
      const second = piece(4, 6, first.state);
      await close(first.sequence, whole.sequence.at(':', [0, 4]));
      await close(second.sequence.at(0, [0, 1]), whole.sequence.at(0, [4, 5]));
      for (const [i, part] of second.state.entries()) await close(part, whole.state[i]!);
    }
  });

  it('takes a tensor or a record, in graphs and lists as well', async () => {
    const layer = made(name, { returnSequences: true });
    const x = waves([2, 5, FEATURES]);
    const y: Tensor = layer.apply(x);
    const { sequence, state }: RecurrentOutput = layer.apply({ x });
    await close(y, sequence);
    await close(state[0]!, y.at(':', -1));

    const [symbols, flags] = [input([null, FEATURES]), input([null], 'bool')];
    const graph = new Model({ inputs: { symbols, flags }, outputs: layer.apply({ x: symbols, mask: flags }) });
    const mask = maskOfLengths(tensor(Int32Array.of(1, 4)), 5);
    await close(graph.apply({ symbols: x, flags: mask }).sequence, layer.apply({ x, mask }).sequence);
    expect(layer.outputShape([9, FEATURES])).toEqual([9, UNITS]);
  });

  it('says what is wrong with a mask or a state', () => {
    const layer = made(name);
    const x = waves([2, 5, FEATURES]);
    expect(() => layer.apply({ x, mask: zeros([2, 5]) })).toThrow(
      `[${name}] the mask must be bool [N, T] for x [N, T, features]: got float32 [2, 5]`,
    );
    expect(() => layer.apply({ x, mask: boolMask([[true, false]]) })).toThrow('got bool [1, 2] for [2, 5, 3]');
    expect(() => layer.apply({ x, state: [] })).toThrow(`[${name}] a state must be ${states(name)} tensors: got 0`);
    expect(() => layers[name]({}).build([3])).toThrow(`[${name}] input must be [N, T, features]: got [N, 3]`);
  });

  it('takes an empty batch', () => {
    const layer = made(name);
    expect(layer.apply(zeros([0, 5, FEATURES])).shape).toEqual([0, UNITS]);
    expect(
      layer.apply({
        x: zeros([0, 5, FEATURES]),
        mask: boolMask([[]])
          .reshape([0, 0])
          .pad([
            [0, 0],
            [0, 5],
          ]),
      }).sequence.shape,
    ).toEqual([0, 5, UNITS]);
  });
});

it('recurrent layers stand among others, and take the mask of an embedding', async () => {
  const model = new Sequential([
    new Embedding(10, 4, { maskZero: true }),
    new GRU(5, { returnSequences: true }),
    new LSTM(6),
    new Dense(2),
  ]);
  const y = model.apply(tensor(Int32Array.of(3, 4, 0, 0), { shape: [1, 4] }));
  await close(y, model.apply(tensor(Int32Array.of(3, 4), { shape: [1, 2] })));
});

it('recurrent layers are modules from tensors to tensors for those who hand them on', () => {
  const among: readonly Module[] = [new SimpleRNN(1), new LSTM(1), new GRU(1)];
  const any: readonly AnyModule[] = among;
  const typesOf = <I, O>(_: Module<I, O>): { readonly x?: I; readonly y?: O } => ({});
  const types: { readonly x?: Tensor; readonly y?: Tensor } = typesOf(new LSTM(1));
  // @ts-expect-error a tensor gives a tensor
  const wrong = (x: Tensor): RecurrentOutput => new LSTM(1).apply(x);
  expect([any.length, types, typeof wrong]).toEqual([3, {}, 'function']);
});
