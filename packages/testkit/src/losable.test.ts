import { cpu } from '@tessera/backend-cpu';
import { capture } from '@tessera/capture';
import { DeviceLostError } from '@tessera/core';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { expect, it } from 'vitest';
import { checkFlatMemory } from './check-backend.ts';
import { losable } from './losable.ts';

it('computes as the backend that it was made of, and leaves memory as flat', async () => {
  const backend = losable(cpu());
  expect(
    await tensor([1, 2], { backend })
      .add(tensor([3, 5], { backend }))
      .array(),
  ).toEqual([4, 7]);
  for (const captured of [false, true]) await checkFlatMemory(losable(cpu()), { steps: 5, captured });
});

it('refuses every work once it is lost, that under way included, and takes memory back', async () => {
  const backend = losable(cpu());
  setDefaultBackend(backend);
  const x = tensor([1, 2]);
  const doubled = capture((x: Tensor) => x.mul(2));
  doubled(x).dispose();
  const reading = x.data();
  backend.lose();
  await expect(reading).rejects.toThrow(DeviceLostError);
  await expect(x.data()).rejects.toThrow('[cpu] the device was lost, with all that was on it. Make another backend.');
  for (const work of [() => tensor([1]), () => x.add(1), () => doubled(x)]) expect(work).toThrow(DeviceLostError);
  doubled.dispose();
  x.dispose();
  expect(backend.memory().liveBuffers).toBe(0);
});
