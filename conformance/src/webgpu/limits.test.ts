import { cpu } from '@tessera/backend-cpu';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { checkOp, opDescriptions } from '@tessera/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!process.env['TESSERA_WEBGPU'])('a device that can do no more than every device can', () => {
  let backend: WebGpuBackend;
  beforeAll(async () => {
    // The door that the backend found and holds.
    await webgpu();
    const { [Symbol.for('tessera.webgpu')]: gpu } = globalThis as unknown as { [held: symbol]: GPU };
    const adapter = (await gpu!.requestAdapter())!;
    backend = await webgpu({ device: await adapter.requestDevice() });
  });

  it('binds eight buffers', () => expect(backend.device.limits.maxStorageBuffersPerShaderStage).toBe(8));

  for (const name of ['lstm', 'gru', 'attention', 'batchNormalization', 'groupNormalization', 'dropout', 'sort', 'topK', 'scatter add']) {
    it(`runs ${name}`, () => checkOp(opDescriptions.find((op) => op.name === name)!, backend, cpu()));
  }
});
