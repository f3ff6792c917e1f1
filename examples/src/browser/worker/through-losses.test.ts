import { cpu } from '@tessera/backend-cpu';
import type { Backend } from '@tessera/core';
import { ArrayDataset } from '@tessera/data';
import { Dense, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { type Callback, compile, type Trainer } from '@tessera/train';
import { expect, it } from 'vitest';
import { fitThroughLosses, type Loss } from './through-losses.ts';

/** y = 2x₀ − x₁ */
const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 3));
const y = Float32Array.from({ length: 32 }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]!);
const data = new ArrayDataset({ x: { data: x, shape: [32, 2] }, y: { data: y, shape: [32, 1] } });

async function run(loseAfter: readonly number[]) {
  const losses: Loss[] = [];
  const devices: Backend[] = [];
  let last: Trainer | undefined;
  const left = [...loseAfter];
  const lose: Callback = {
    onEpochEnd({ epoch }) {
      if (epoch !== left[0]) return;
      left.shift();
      devices.at(-1)!.dispose();
    },
  };
  const history = await fitThroughLosses(data, {
    backends: [() => cpu()],
    make: () => compile(new Sequential([new Dense(1)], { inputShape: [2] }), { loss: meanSquaredError(), optimizer: adam(), seed: 3 }),
    epochs: 6,
    batchSize: 8,
    callbacks: [lose],
    onDevice: (backend, trainer) => (devices.push(backend), (last = trainer)),
    onLoss: (loss) => losses.push(loss),
  });
  return { history, losses, devices, kernel: await last!.model.variables()['dense.kernel']!.peek().array() };
}

it('ends with the same weights whether devices are lost or not', async () => {
  const [whole, broken] = [await run([]), await run([1, 3])];
  expect(broken.losses.map(({ epoch }) => epoch)).toEqual([2, 4]);
  expect(broken.devices).toHaveLength(3);
  expect(broken.history.ended).toBe('done');
  expect(broken.kernel).toEqual(whole.kernel);
});

it('gives up where nothing more is learned between two losses', async () => {
  let made = 0;
  const fit = fitThroughLosses(data, {
    backends: [() => cpu()],
    make: () => compile(new Sequential([new Dense(1)], { inputShape: [2] }), { loss: meanSquaredError(), optimizer: adam() }),
    onDevice: (backend) => (made++, backend.dispose()),
  });
  await expect(fit).rejects.toThrow(/disposed/);
  expect(made).toBe(2);
});

it('goes on with the next backend where the first does not come back', async () => {
  const tried: string[] = [];
  const broken = (): Backend => {
    tried.push('first');
    throw new Error('there is no adapter');
  };
  const history = await fitThroughLosses(data, {
    backends: [broken, () => (tried.push('second'), cpu())],
    make: () => compile(new Sequential([new Dense(1)], { inputShape: [2] }), { loss: meanSquaredError(), optimizer: adam() }),
  });
  expect(history.ended).toBe('done');
  expect(tried).toEqual(['first', 'second']);
});
