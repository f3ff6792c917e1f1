import { wasm } from '@tessera/backend-wasm';
import { webgpu } from '@tessera/backend-webgpu';
import type { Backend } from '@tessera/core';
import { ArrayDataset, column, type Column } from '@tessera/data';
import {
  Activation,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  LSTM,
  MaxPooling2D,
  type Module,
  Sequential,
  TransformerEncoderLayer,
} from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { relu, setDefaultBackend } from '@tessera/tensor';
import { compile, type Examples } from '@tessera/train';
import { Philox } from '@tessera/core';
import { describe, expect, it } from 'vitest';

const [BATCHES, EPOCHS, BATCH] = [10, 20, 8];

/** Noise in which the class shows: as a step of brightness, or as a token that is frequent. */
function examples(shape: readonly number[], tokens = 0): Examples<{ x: Column; y: Column }> {
  const random = Philox.fromSeed(5);
  const count = BATCHES * BATCH;
  const size = shape.reduce((a, b) => a * b, 1);
  const y = Int32Array.from({ length: count }, (_, i) => i % 3);
  const value = (label: number): number =>
    tokens ? (random.uniform() < 0.3 ? label : random.below(tokens)) : random.uniform() + label * 0.3 * random.uniform();
  const data = Array.from(y, (label) => Array.from({ length: size }, () => value(label))).flat();
  const x = column(tokens ? Int32Array.from(data) : Float32Array.from(data), [count, ...shape]);
  return new ArrayDataset({ x, y: column(y, [count]) });
}

const models: Readonly<Record<string, { make: () => Module; data: Examples<{ x: Column; y: Column }> }>> = {
  'a convolutional network': {
    data: examples([12, 12, 1]),
    make: () =>
      new Sequential(
        [new Conv2D(8, 3, { activation: relu }), new MaxPooling2D(2), new Flatten(), new Dense(16, { activation: relu }), new Dense(3)],
        {
          inputShape: [12, 12, 1],
        },
      ),
  },
  'batch normalisation and dropout': {
    data: examples([8, 8, 1]),
    make: () =>
      new Sequential([new Conv2D(4, 3), new BatchNormalization(), new Activation(relu), new Flatten(), new Dropout(0.3), new Dense(3)], {
        inputShape: [8, 8, 1],
      }),
  },
  'an LSTM': {
    data: examples([9], 12),
    make: () => new Sequential([new Embedding(12, 8), new LSTM(12), new Dense(3)], { inputShape: [9] }),
  },
  'a Transformer block': {
    data: examples([8, 16]),
    make: () => new Sequential([new TransformerEncoderLayer(2, 24), new Flatten(), new Dense(3)], { inputShape: [8, 16] }),
  },
};

/** The mean losses of 20 epochs of ten steps. */
async function lossesOn(backend: Backend, { make, data }: (typeof models)[string]): Promise<number[]> {
  setDefaultBackend(backend);
  const trainer = compile(make(), { loss: crossEntropy({ fromLogits: true }), optimizer: adam({ learningRate: 3e-3 }), seed: 1 });
  const { epochs } = await trainer.fit(data, { epochs: EPOCHS, batchSize: BATCH });
  trainer.dispose();
  return epochs.map(({ loss }) => loss!);
}

describe.skipIf(!process.env['TESSERA_WEBGPU'])('200 steps on WebGPU lose what they lose on WebAssembly', () => {
  for (const [name, model] of Object.entries(models)) {
    it(name, async () => {
      const [expected, got] = [await lossesOn(await wasm(), model), await lossesOn(await webgpu(), model)];
      expect(expected.at(-1)!).toBeLessThan(0.8 * expected[0]!);
      got.forEach((loss, epoch) =>
        expect(Math.abs(loss - expected[epoch]!), `epoch ${epoch}: ${loss} and ${expected[epoch]}`).toBeLessThan(2e-3 * expected[0]!),
      );
    });
  }
});
