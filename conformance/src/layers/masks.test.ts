import { grad } from '@tessera/autograd';
import * as layers from '@tessera/layers';
import type { AnyModule } from '@tessera/layers';
import { concat, maskOf, maskOfLengths, setDefaultBackend, tensor, type Tensor, tidy, where, withMask } from '@tessera/tensor';
import { expectClose, tolerances } from '@tessera/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { everyBackend } from '../every-backend.ts';

const [STEPS, FEATURES] = [5, 4];
const LENGTHS = [5, 2, 3];

const waves = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.3 + seed)),
    { shape },
  );
const real = (): Tensor => maskOfLengths(tensor(Int32Array.from(LENGTHS)), STEPS);
/** Sequences with something large where they are padded. */
const padded = (): Tensor => where(real().expandDims(2), waves([LENGTHS.length, STEPS, FEATURES]), 50);

/** A layer with a mask, by what it is without one: called on a sequence alone, cut to its real steps. */
interface Case {
  readonly make: () => AnyModule;
  /** What the layer is given for sequences, which are those of rows `[from, to]` of a batch. */
  readonly input?: (x: Tensor, rows: readonly [number, number]) => unknown;
  /** Whether it gives an output for each step. */
  readonly sequences?: true;
}
const queries = (x: Tensor, rows: readonly [number, number]): unknown => ({
  query: waves([LENGTHS.length, 2, FEATURES], 7).at(rows),
  key: x,
});

const cases: Readonly<Record<string, Case>> = {
  SimpleRNN: { make: () => new layers.SimpleRNN(3) },
  'SimpleRNN of sequences': { make: () => new layers.SimpleRNN(3, { returnSequences: true }), sequences: true },
  LSTM: { make: () => new layers.LSTM(3) },
  'LSTM of sequences': { make: () => new layers.LSTM(3, { returnSequences: true }), sequences: true },
  'LSTM, backwards': { make: () => new layers.LSTM(3, { goBackwards: true }) },
  GRU: { make: () => new layers.GRU(3) },
  'GRU of sequences': { make: () => new layers.GRU(3, { returnSequences: true }), sequences: true },
  MultiHeadAttention: { make: () => new layers.MultiHeadAttention(2), sequences: true },
  'MultiHeadAttention, causal': { make: () => new layers.MultiHeadAttention(2, { causal: true }), sequences: true },
  'MultiHeadAttention to other sequences': { make: () => new layers.MultiHeadAttention(2), input: queries },
  AdditiveAttention: { make: () => new layers.AdditiveAttention(3), input: queries },
  TransformerEncoderLayer: { make: () => new layers.TransformerEncoderLayer(2, 6), sequences: true },
  'TransformerEncoderLayer, normalised first': {
    make: () => new layers.TransformerEncoderLayer(2, 6, { normFirst: true }),
    sequences: true,
  },
  GlobalAveragePooling1D: { make: () => new layers.GlobalAveragePooling1D() },
  GlobalMaxPooling1D: { make: () => new layers.GlobalMaxPooling1D() },
  'a stack of them': {
    make: () =>
      new layers.Sequential([
        new layers.Dense(4, { activation: 'tanh' }),
        new layers.TransformerEncoderLayer(2, 6),
        new layers.LayerNormalization(),
        new layers.GRU(3, { returnSequences: true }),
        new layers.Activation('relu'),
        new layers.LSTM(2),
      ]),
  },
};

for (const [where, backend] of await everyBackend()) {
  describe(`a masked sequence is one cut to its length on ${where}`, () => {
    beforeAll(() => void setDefaultBackend(backend));

    for (const [name, { make, input = (x: Tensor): unknown => x, sequences }] of Object.entries(cases)) {
      it(`${name}: values and gradients`, async () => {
        const layer = make();
        const x = padded();
        const whole = (): Tensor[] => {
          const y = layer.apply(input(withMask(x, real()), [0, LENGTHS.length]) as never) as Tensor;
          return LENGTHS.map((length, n) => (sequences ? y.at([n, n + 1], [0, length]) : y.at([n, n + 1])));
        };
        const cut = (): Tensor[] =>
          LENGTHS.map((length, n) => layer.apply(input(x.at([n, n + 1], [0, length]), [n, n + 1]) as never) as Tensor);
        const [got, expected] = [whole(), cut()];
        for (const [n, row] of got.entries()) await expectClose(`${name}, row ${n}`, row, expected[n]!, tolerances.reduction);

        const slopes = (rows: () => Tensor[]): Record<string, Tensor> => {
          const loss = (): Tensor =>
            rows()
              .map((row, n) => row.mul(waves(row.shape, n)).sum())
              .reduce((a, b) => a.add(b));
          return tidy(() => grad(loss)(layer.trainableVariables()) as Record<string, Tensor>);
        };
        const [ours, theirs] = [slopes(whole), slopes(cut)];
        for (const [path, gradient] of Object.entries(theirs))
          await expectClose(`${name}, gradient of ${path}`, ours[path]!, gradient, tolerances.gradient);
      });
    }

    it('BatchNormalization: by the statistics of the real steps', async () => {
      const x = padded();
      const [masked, cut] = [0, 1].map(() => new layers.BatchNormalization({ unbiasedMovingVariance: true })) as [
        layers.BatchNormalization,
        layers.BatchNormalization,
      ];
      const steps = concat(LENGTHS.map((length, n) => x.at([n, n + 1], [0, length]).reshape([length, FEATURES])));
      const y = masked.apply(withMask(x, real()), { training: true });
      const expected = cut.apply(steps, { training: true });
      const got = concat(LENGTHS.map((length, n) => y.at(n, [0, length])));
      await expectClose('outputs', got, expected, tolerances.reduction);
      for (const statistic of ['movingMean', 'movingVariance'] as const)
        await expectClose(statistic, masked[statistic].peek(), cut[statistic].peek(), tolerances.reduction);
    });

    it('Masking and Embedding make masks, which merges bring together', async () => {
      const marked = new layers.Masking({ maskValue: 50 }).apply(padded());
      expect(await maskOf(marked)!.array()).toEqual(await real().array());
      const ids = tensor(Int32Array.of(3, 1, 2, 4, 0, 2, 2, 2, 0, 0, 1, 3, 0, 1, 0), { shape: [3, 5] });
      const embedded = new layers.Embedding(5, FEATURES, { maskZero: true }).apply(ids);
      expect(await maskOf(embedded)!.array()).toEqual(await ids.greater(0).array());
      const both = await real().mul(ids.greater(0)).astype('bool').array();
      const merges = [
        new layers.Add(),
        new layers.Average(),
        new layers.Maximum(),
        new layers.Minimum(),
        new layers.Multiply(),
        new layers.Subtract(),
        new layers.Concatenate(),
      ];
      for (const merge of merges) expect(await maskOf(merge.apply([marked, embedded]))!.array()).toEqual(both);
      const along = maskOf(new layers.Concatenate({ axis: 1 }).apply([marked, embedded]))!;
      expect(await along.array()).toEqual(await concat([maskOf(marked)!, maskOf(embedded)!], 1).array());
    });
  });
}
