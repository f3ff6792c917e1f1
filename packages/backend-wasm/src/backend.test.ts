import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { contiguousView, DeviceError, DeviceLostError, type Operand, OutOfMemoryError } from '@tessera/core';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { Allocator } from './allocator.ts';
import { wasm } from './backend.ts';

const kernels = readFileSync(join(import.meta.dirname, '..', 'build', 'simd.wasm'));

describe('wasm', () => {
  it('runs from a precompiled module', async () => {
    const backend = await wasm({ module: new WebAssembly.Module(kernels) });
    const buffer = backend.allocate(8);
    backend.write(buffer, new Uint8Array(Float32Array.of(1, 4).buffer));
    const operand: Operand = { buffer, dtype: 'float32', view: contiguousView([2]) };
    backend.execute('sqrt', [operand], {}, [operand]);
    expect([...new Float32Array((await backend.read(buffer, 0, 8)).buffer)]).toEqual([1, 2]);
  });

  it('runs in a worker', async () => {
    const source = `
      import { parentPort, workerData } from 'node:worker_threads';
      const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
      const { exports } = await WebAssembly.instantiate(workerData, { env: { memory } });
      new Float32Array(memory.buffer, 70000, 2).set([9, 16]);
      exports.sqrt_f32(1, 2, 70000, 0, 1, 80000);
      parentPort.postMessage([...new Float32Array(memory.buffer, 80000, 2)]);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: new WebAssembly.Module(kernels),
    });
    expect(await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))).toEqual([3, 4]);
    await worker.terminate();
  });

  it('says what was needed when memory runs out, and goes on', async () => {
    const backend = await wasm({ maximumBytes: 4 * 2 ** 20 });
    const before = backend.memory();
    expect(() => backend.allocate(8 * 2 ** 20)).toThrow(OutOfMemoryError);
    expect(() => backend.allocate(8 * 2 ** 20)).toThrow(/8388608 bytes more must fit 4194304 bytes.*Free tensors/);
    expect(backend.memory()).toEqual(before);
    backend.free(backend.allocate(1000));
    expect(backend.memory().liveBytes).toBe(0);
  });

  it('is not read any more once a worker has failed: what it was at may be half written', async () => {
    const backend = await wasm({ threads: 2 });
    const view = contiguousView([2 ** 20]);
    const own = backend.allocate(4 * 2 ** 20);
    const operand = (buffer: Operand['buffer']): Operand => ({ buffer, dtype: 'float32', view });
    // Whoever takes a part fails; where it is the caller alone, the backend goes on.
    const beyond = { byteLength: own.byteLength, address: 2 ** 32 - 4 * 2 ** 20 };
    const fail = (): unknown => {
      try {
        backend.execute('neg', [operand(own)], {}, [operand(beyond)]);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    await backend.read(own, 0, 4);
    await vi.waitUntil(() => fail() instanceof DeviceLostError, { timeout: 10_000, interval: 1 });
    await expect(backend.read(own, 0, 4)).rejects.toBeInstanceOf(DeviceLostError);
    backend.dispose();
  });

  it('gives everything back on dispose', async () => {
    const backend = await wasm();
    backend.allocate(100);
    backend.dispose();
    expect(backend.memory()).toMatchObject({ liveBytes: 0, liveBuffers: 0, reservedBytes: 0 });
    expect(() => backend.allocate(1)).toThrow(DeviceError);
  });
});

test.prop([fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean(), fc.nat()), { maxLength: 60 })])(
  'stretches given out never overlap, and come back whole',
  (calls) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const allocator = new Allocator(memory, 1000);
    const live: [address: number, bytes: number][] = [];
    for (const [bytes, release, which] of calls) {
      if (release && live.length) allocator.free(...live.splice(which % live.length, 1)[0]);
      else live.push([allocator.allocate(bytes), bytes]);
      const sorted = [...live].sort(([a], [b]) => a - b);
      sorted.forEach(([address, size], i) => {
        expect(address % 64).toBe(0);
        expect(address + size).toBeLessThanOrEqual(sorted[i + 1]?.[0] ?? memory.buffer.byteLength);
      });
    }
    for (const span of live) allocator.free(...span);
    expect(allocator.allocate(10)).toBe(1024);
  },
);
