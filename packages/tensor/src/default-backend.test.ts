import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { type Backend, DeviceError } from '@tessera/core';
import { expect, it } from 'vitest';
import { bestBackend } from './default-backend.ts';

async function missing(): Promise<Backend> {
  throw new DeviceError('[missing] there is none here');
}

/** A backend that says it is second best, and whether it was disposed. */
function slow(): { make: () => Backend; disposed: () => boolean } {
  let disposed = false;
  const make = (): Backend => ({ ...cpu(), name: 'slow', secondBest: 'it is slow', dispose: () => (disposed = true) });
  return { make, disposed: () => disposed };
}

const reportOf = async (...factories: Parameters<typeof bestBackend>[0]): Promise<[name: string, report: string]> => {
  let report = '';
  const backend = await bestBackend(factories, { onChoice: (said) => (report = said) });
  return [backend.name, report];
};

it('the first that works is chosen, with the reasons of those before', async () => {
  expect(await reportOf(missing, wasm, cpu)).toEqual(['wasm', 'chose wasm; missing failed: [missing] there is none here']);
});

it('one that is second best gives way to a later one, and its memory back', async () => {
  const { make, disposed } = slow();
  expect(await reportOf(make, wasm)).toEqual(['wasm', 'chose wasm; slow is second best: it is slow']);
  expect(disposed()).toBe(true);
});

it('one that is second best is chosen where nothing else works', async () => {
  const { make, disposed } = slow();
  expect(await reportOf(make, missing)).toEqual([
    'slow',
    'chose slow; slow is second best: it is slow; missing failed: [missing] there is none here',
  ]);
  expect(disposed()).toBe(false);
});

it('without any the reasons are told', async () => {
  await expect(bestBackend([missing])).rejects.toThrow(/no backend works here: missing failed/);
});
