import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { lower } from '@tessera/core';
import { concat, full, tensor, type Tensor, traceGraph } from '@tessera/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!process.env['TESSERA_WEBGPU'])('what a plan on WebGPU makes of constants once', () => {
  let backend: WebGpuBackend;
  beforeAll(async () => void (backend = await webgpu()));
  afterAll(() => backend.dispose());

  const number = (value: number): Tensor => full([1], value, { backend });
  const cases: Readonly<Record<string, readonly [f: (x: Tensor) => Tensor, of: (x: number) => readonly number[]]>> = {
    'is put beside other constants': [(x) => concat([concat([number(2), number(5)]).exp(), x]), (x) => [Math.exp(2), Math.exp(5), x]],
    'stays at its place where others are written at each run': [
      (x) => concat([number(2), x.neg(), number(5)]).exp(),
      (x) => [Math.exp(2), Math.exp(-x), Math.exp(5)],
    ],
    'is not written over at each run': [(x) => number(2).exp().add(x).exp(), (x) => [Math.exp(Math.exp(2) + x)]],
  };
  for (const [name, [f, of]] of Object.entries(cases)) {
    it(name, async () => {
      const { graph } = traceGraph((x) => [f(x!)], [{ shape: [1], dtype: 'float32' }], backend);
      const prepared = backend.prepare(lower(graph, backend));
      for (const value of [1, -2, 0.5]) {
        const x = tensor([value], { backend });
        const expected = of(value);
        const buffer = backend.allocate(4 * expected.length);
        prepared.run([x.placement!.storage.buffer], [buffer]);
        const bytes = await backend.read(buffer, 0, 4 * expected.length);
        const got = new Float32Array(bytes.buffer, bytes.byteOffset, expected.length);
        expected.forEach((right, i) => expect(got[i]! / right, `${i}: ${got[i]} for ${right}`).toBeCloseTo(1, 5));
        backend.free(buffer);
      }
      prepared.dispose();
    });
  }
});
