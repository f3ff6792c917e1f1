import { wasm } from '@tessera/backend-wasm';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { contiguousView, DeviceLostError, lower } from '@tessera/core';
import { ArrayDataset } from '@tessera/data';
import { Dense, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { defaultBackend, setDefaultBackend, tanh, traceGraph } from '@tessera/tensor';
import { backupAndRestore, type Callback, compile } from '@tessera/train';
import { describe, expect, it } from 'vitest';

/** y = 2x₀ − x₁ */
const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * 3));
const y = Float32Array.from({ length: 32 }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]!);
const examples = new ArrayDataset({ x: { data: x, shape: [32, 2] }, y: { data: y, shape: [32, 1] } });

describe.skipIf(!process.env['TESSERA_WEBGPU'])('the loss of a WebGPU device', () => {
  it('is what every call throws afterwards, and what rejects those under way', async () => {
    const backend = await webgpu();
    const bytes = new Uint8Array(16);
    const buffers = [backend.allocate(16), backend.allocate(16)] as const;
    backend.write(buffers[0], bytes);
    const operands = buffers.map((buffer) => ({ buffer, dtype: 'float32' as const, view: contiguousView([4]) }));
    const { graph } = traceGraph((a) => [a!.exp()], [{ shape: [4], dtype: 'float32' }], backend);
    const plan = lower(graph, backend);
    const prepared = backend.prepare(plan);
    prepared.run([buffers[0]], [buffers[1]]);
    const reading = backend.read(buffers[1], 0, 16);
    backend.device.destroy();
    await expect(reading).rejects.toThrow(DeviceLostError);
    const calls: Readonly<Record<string, () => unknown>> = {
      allocate: () => backend.allocate(4),
      write: () => backend.write(buffers[0], bytes),
      execute: () => backend.execute('exp', [operands[0]!], {}, [operands[1]!]),
      prepare: () => backend.prepare(plan),
      run: () => prepared.run([buffers[0]], [buffers[1]]),
    };
    for (const [name, call] of Object.entries(calls)) expect(call, name).toThrow(DeviceLostError);
    await expect(backend.read(buffers[1], 0, 16)).rejects.toThrow(DeviceLostError);
    await expect(prepared.compile()).rejects.toThrow(DeviceLostError);
    // What gives memory back may be called all the same.
    prepared.dispose();
    for (const buffer of buffers) backend.free(buffer);
    backend.dispose();
  });

  for (const [name, make] of [
    ['a new device', webgpu],
    ['WebAssembly', wasm],
  ] as const) {
    it(`is survived by training on ${name}`, async () => {
      const losing: Callback = {
        onEpochEnd({ epoch }) {
          if (epoch === 2) (defaultBackend() as WebGpuBackend).device.destroy();
        },
      };
      const fit = async (callbacks: readonly Callback[]): Promise<readonly number[]> => {
        setDefaultBackend(await webgpu());
        const model = new Sequential([new Dense(4, { activation: tanh }), new Dense(1)], { inputShape: [2] });
        const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.05 }) });
        const { epochs } = await trainer.fit(examples, { epochs: 5, batchSize: 8, callbacks });
        return epochs.map(({ loss }) => loss!);
      };
      const whole = await fit([]);
      const broken = await fit([backupAndRestore({ backends: [make] }), losing]);
      expect(defaultBackend().name).toBe(name === 'WebAssembly' ? 'wasm' : 'webgpu');
      broken.forEach((loss, epoch) => expect(loss).toBeCloseTo(whole[epoch]!, 4));
    });
  }
});
