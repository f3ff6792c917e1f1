import { cpu } from '@tessera/backend-cpu';
import { ArrayDataset } from '@tessera/data';
import { digits } from '@tessera/examples/start/data/digits.ts';
import { makeModel, makeTrainer, unfreeze } from '@tessera/examples/start/transfer.ts';
import { UNet } from '@tessera/examples/start/u-net.ts';
import { type AnyModule, saveWeights } from '@tessera/layers';
import { setDefaultBackend } from '@tessera/tensor';
import { beforeEach, expect, it } from 'vitest';

beforeEach(() => void setDefaultBackend(cpu()));

const { images, labels } = digits(40, 32);
const data = new ArrayDataset({ x: images, y: labels });
const options = { epochs: 2, batchSize: 8 };
const make = (eager = false): ReturnType<typeof makeTrainer> =>
  makeTrainer(makeModel(new UNet({ base: 2, depth: 2 }), 'down.2'), { eager });
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(Buffer.from(b));
const backboneOf = (model: AnyModule): Promise<Uint8Array> => saveWeights(model.children()['backbone']!);

it('trains the head alone, statistics of batches included, and then all', async () => {
  const model = makeModel(new UNet({ base: 2, depth: 2 }), 'down.2').build([32, 32, 1]);
  const trainer = makeTrainer(model);
  expect(Object.keys(model.trainableVariables())).toEqual(['dense.kernel', 'dense.bias']);
  const before = await backboneOf(model);
  await trainer.fit(data, options);
  expect(sameBytes(await backboneOf(model), before)).toBe(true);
  unfreeze(trainer);
  await trainer.fit(data, options);
  expect(sameBytes(await backboneOf(model), before)).toBe(false);
  expect(Object.keys(model.trainableVariables())).toContain('backbone.down.0.layers.conv2d.kernel');
});

it('goes on from a state saved after it was set free, bit for bit, and is captured as it is eager', async () => {
  const states: Uint8Array[] = [];
  for (const eager of [false, true]) {
    const trainer = make(eager);
    await trainer.fit(data, options);
    unfreeze(trainer);
    await trainer.fit(data, options);
    states.push(await trainer.save());
    await trainer.fit(data, options);
    states.push(await trainer.save());
  }
  const [before, whole, eagerBefore, eagerWhole] = states as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  expect([sameBytes(before, eagerBefore), sameBytes(whole, eagerWhole)]).toEqual([true, true]);

  const frozen = make();
  expect(() => frozen.restore(before)).toThrow(
    /\[restore\] what trains in train must be what trained when the state was saved.* Set trainable/,
  );
  const resumed = make();
  unfreeze(resumed);
  resumed.restore(before);
  await resumed.fit(data, options);
  expect(sameBytes(await resumed.save(), whole)).toBe(true);
});
