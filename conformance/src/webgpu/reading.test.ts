import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!process.env['TESSERA_WEBGPU'])('reading from a WebGPU device', () => {
  let backend: WebGpuBackend;
  beforeAll(async () => setDefaultBackend((backend = await webgpu())));

  it('what is read in one turn is one submit, through one buffer', async () => {
    const tensors = [1, 2, 3, 4].map((value) => tensor([value, -value]).mul(10));
    await tensors[0]!.data();
    const sums = tensors.map((x) => x.add(0.5));
    const before = backend.counters;
    const values = await Promise.all(sums.map((x) => x.array()));
    expect(values).toEqual([1, 2, 3, 4].map((value) => [10 * value + 0.5, 0.5 - 10 * value]));
    expect(backend.counters.submits - before.submits).toBe(1);
    expect(backend.counters.stagingBuffers).toBe(before.stagingBuffers);
  });

  it('is of the moment when it was asked for, whatever comes after it', async () => {
    const buffer = backend.allocate(8);
    const reads: Promise<Uint8Array>[] = [];
    for (let i = 0; i < 4; i++) {
      backend.write(buffer, Uint8Array.of(i, 1, 2, 3, 4, 5, 6, 7));
      reads.push(backend.read(buffer, 0, 3), backend.read(buffer, 5, 2));
    }
    const dispatched = tensor([1, 2]);
    const [a, b] = [dispatched.data(), dispatched.add(1).data()];
    dispatched.dispose();
    const later = tensor([7, 8]).mul(2);
    expect([...(await a)]).toEqual([1, 2]);
    expect([...(await b)]).toEqual([2, 3]);
    expect([...(await later.data())]).toEqual([14, 16]);
    const got = (await Promise.all(reads)).map((bytes) => [...bytes]);
    expect(got).toEqual(
      [0, 1, 2, 3].flatMap((i) => [
        [i, 1, 2],
        [5, 6],
      ]),
    );
    backend.free(buffer);
  });

  it('takes buffers from a ring, however often and however much is read', async () => {
    const x = tensor(new Float32Array(300_000).fill(2));
    const read = (): Promise<unknown> => Promise.all([x.data(), x.sum().item(), x.at(':5000').data()]);
    await read();
    const { stagingBuffers } = backend.counters;
    for (let i = 0; i < 20; i++) await read();
    expect(backend.counters.stagingBuffers).toBe(stagingBuffers);
    // While some are not yet read others are made, and few of them kept. The awaits make each a batch of its own.
    const many: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i++) {
      many.push(x.add(i).at(i).item());
      await undefined;
      await undefined;
    }
    await Promise.all(many);
    expect(backend.counters.stagingBuffers).toBeGreaterThan(stagingBuffers);
    const after = backend.counters.stagingBuffers;
    for (let i = 0; i < 20; i++) await Promise.all([x.at(1).item(), x.at(2).item()]);
    expect(backend.counters.stagingBuffers).toBe(after);
  });

  it('more than fits one staging buffer comes whole', async () => {
    const large: Tensor[] = [0, 1, 2].map((i) => tensor(Int32Array.from({ length: 100_000 }, (_, at) => at * 3 + i)));
    const [a, b, c] = await Promise.all(large.map((x) => x.data()));
    for (const [i, data] of [a, b, c].entries()) expect(data!.slice(-2)).toEqual(Int32Array.of(299_994 + i, 299_997 + i));
  });
});
