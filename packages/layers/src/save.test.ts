import { cpu } from '@tessera/backend-cpu';
import { FormatError, TesseraError } from '@tessera/core';
import { readSafetensors, writeSafetensors } from '@tessera/formats';
import { memory, relu, setDefaultBackend } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { Conv2D } from './convolution/convolution.ts';
import { Dense } from './core/dense.ts';
import { Flatten } from './core/flatten.ts';
import { Model } from './model.ts';
import { BatchNormalization } from './normalization/batch-normalization.ts';
import { MaxPooling2D } from './pooling/max-pooling2d.ts';
import { Dropout } from './regularization/dropout.ts';
import { loadModel, loadWeights, saveModel, saveWeights } from './save.ts';
import { Sequential } from './sequential.ts';
import { input } from './symbolic.ts';

beforeEach(() => void setDefaultBackend(cpu()));

const sequence = (): Sequential =>
  new Sequential(
    [new Conv2D(2, 3, { activation: relu }), new BatchNormalization(), new MaxPooling2D(2), new Flatten(), new Dropout(0.5), new Dense(3)],
    { inputShape: [6, 6, 1] },
  );
const graph = (): Model => {
  const x = input([4]);
  return new Model({ inputs: x, outputs: new Dense(2).apply(new Dense(3).apply(x)) });
};

/** The file with another description of the model in it. */
async function described(model: Sequential | Model, change: (description: unknown) => unknown): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(await saveModel(model));
  return writeSafetensors(tensors, { ...Object.fromEntries(metadata), model: JSON.stringify(change(JSON.parse(metadata.get('model')!))) });
}

/** Every copy of a value in which one part is something else. */
function* mutants(value: unknown, replacements: readonly unknown[]): Generator<unknown> {
  yield* replacements;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    for (const part of mutants((value as Record<string, unknown>)[key], replacements)) {
      const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
      copy[key] = part;
      yield copy;
    }
  }
}

describe('a hostile description of a model', () => {
  for (const [name, make] of Object.entries({ sequence, graph })) {
    it(`ends in an error of ours or in a model, whatever part of a ${name} is replaced`, { timeout: 60_000 }, async () => {
      const description: unknown = JSON.parse(readSafetensors(await saveModel(make())).metadata.get('model')!);
      const replacements = [null, -1, 0, 1.5, 1e9, 2 ** 53, 'toString', [], [[]], {}, true, [1e9, 1e9]];
      let refused = 0;
      for (const mutant of mutants(description, replacements)) {
        const bytes = await described(make(), () => mutant);
        const began = performance.now();
        try {
          loadModel(bytes);
        } catch (error) {
          if (!TesseraError.is(error)) throw new Error(`${JSON.stringify(mutant)} gives ${String(error)}`, { cause: error });
          refused++;
        }
        expect(performance.now() - began, JSON.stringify(mutant)).toBeLessThan(2000);
      }
      expect(refused).toBeGreaterThan(100);
    });
  }

  it('takes no memory for a model larger than its file', async () => {
    const bytes = await described(sequence(), (whole) => {
      const { config } = whole as { config: { layers: { className: string; config: { units: number } }[] } };
      config.layers.at(-1)!.config.units = 10 ** 9;
      return whole;
    });
    const before = memory().liveBytes;
    expect(() => loadModel(bytes)).toThrow(FormatError);
    expect(() => loadModel(bytes)).toThrow(/must not be larger than the weights in the file/);
    expect(memory().peakBytes - before).toBeLessThan(100_000);
  });

  it('may be nested deeply', async () => {
    const depth = 100_000;
    const text = `${'{"className":"Sequential","config":{"name":"","layers":['.repeat(depth)}${']}}'.repeat(depth)}`;
    const bytes = writeSafetensors(new Map(), { format: 'tessera-model-1', model: text });
    expect(() => loadModel(bytes)).toThrow(FormatError);
  });
});

it('weights that do not fit change nothing', async () => {
  const model = sequence();
  const before = await saveWeights(model);
  const { tensors } = readSafetensors(before);
  const other = new Map([...tensors, ['dense.bias', { ...tensors.get('dense.bias')!, shape: [3, 1] }]]);
  expect(() => loadWeights(model, writeSafetensors(other))).toThrow(/misshaped dense.bias \(\[3, 1\] float32 for \[3\] float32\)/);
  other.delete('dense.kernel');
  other.set('dense.bais', tensors.get('dense.bias')!);
  expect(() => loadWeights(model, writeSafetensors(other))).toThrow(/missing dense.kernel; unexpected dense.bais/);
  expect(Buffer.from(await saveWeights(model)).equals(Buffer.from(before))).toBe(true);
});
