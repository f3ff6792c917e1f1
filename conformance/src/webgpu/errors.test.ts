import { wasm } from '@tessera/backend-wasm';
import { webgpu } from '@tessera/backend-webgpu';
import { contiguousView, DeviceError, DeviceLostError, OutOfMemoryError } from '@tessera/core';
import { bestBackend, ones, tensor } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';

describe.skipIf(!process.env['TESSERA_WEBGPU'])('errors on WebGPU', () => {
  it('a software adapter is refused where it is not wanted, with the way out', async () => {
    await expect(webgpu({ software: false })).rejects.toThrow(/works on the processor.*webgpu\(\{ software: true \}\)/);
  });

  it('bestBackend prefers WebAssembly to a software adapter, unless that is asked for', async () => {
    let report = '';
    const onChoice = (said: string): void => void (report = said);
    const best = await bestBackend([webgpu, wasm], { onChoice });
    expect(best.name).toBe('wasm');
    expect(report).toMatch(/^chose wasm; webgpu is second best: its adapter works on the processor$/);
    const asked = await bestBackend([() => webgpu({ software: true }), wasm]);
    expect(asked.name).toBe('webgpu');
    asked.dispose();
  });

  it('without an adapter the way out is told', async () => {
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    const error = await webgpu({ gpu }).catch((reason: unknown) => reason);
    expect(DeviceError.is(error)).toBe(true);
    expect((error as Error).message).toMatch(/finds no adapter.*install the package webgpu.*bestBackend/);
  });

  it('a device that is lost rejects the read, and refuses every later call', async () => {
    const backend = await webgpu();
    const x = ones([4], { backend }).add(1);
    await x.data();
    const y = x.mul(2);
    backend.device.destroy();
    const error = await y.data().catch((reason: unknown) => reason);
    expect(DeviceLostError.is(error), String(error)).toBe(true);
    expect(() => x.add(1)).toThrow(/device was lost.*await webgpu\(\)/);
  });

  it('what the device refuses is thrown by the next read, with the name of the op', async () => {
    const backend = await webgpu();
    const [a, b] = [backend.allocate(16), backend.allocate(16)];
    const operand = { dtype: 'float32' as const, view: contiguousView([4]) };
    // Of another device: no bind group can be made.
    const other = await webgpu();
    const foreign = other.allocate(16);
    other.write(foreign, new Uint8Array(16));
    backend.execute(
      'add',
      [
        { ...operand, buffer: a },
        { ...operand, buffer: foreign },
      ],
      {},
      [{ ...operand, buffer: b }],
    );
    await expect(backend.read(b, 0, 16)).rejects.toThrow(/\[add\] the device refused/);
    // It works on afterwards.
    backend.execute('neg', [{ ...operand, buffer: a }], {}, [{ ...operand, buffer: b }]);
    await backend.read(b, 0, 16);
    for (const used of [backend, other]) used.dispose();
  });

  it('a tensor that fits no binding, and one beyond the limit set, are refused at once', async () => {
    const backend = await webgpu({ maximumBytes: 2 ** 20 });
    expect(() => backend.allocate(2 ** 33)).toThrow(OutOfMemoryError);
    const large = backend.allocate(2 ** 20 - 4096);
    backend.write(large, new Uint8Array(4));
    const beyond = backend.allocate(2 ** 19);
    expect(() => backend.write(beyond, new Uint8Array(4))).toThrow(/may take 1048576 bytes/);
    backend.free(large);
    backend.write(beyond, new Uint8Array(4));
    backend.dispose();
  });

  it('a size that 32 bits cannot count is refused, never wrapped around', async () => {
    const backend = await webgpu();
    const x = tensor([1], { backend }).broadcastTo([70_000, 70_000]);
    expect(() => x.sum()).toThrow(/counts elements with 32 bits/);
    backend.dispose();
  });

  it('disposal gives all memory back', async () => {
    const backend = await webgpu();
    const x = ones([1000], { backend }).add(1);
    await x.data();
    expect(backend.memory().reservedBytes).toBeGreaterThanOrEqual(4000);
    backend.dispose();
    expect(backend.memory()).toMatchObject({ liveBytes: 0, liveBuffers: 0, reservedBytes: 0 });
    expect(() => backend.allocate(4)).toThrow(/disposed/);
  });
});
