import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import { checkOp, type OpDescription, opDescriptions, type SampleTensor, tolerances } from '@tessera/testkit';
import * as t from '@tessera/tensor';
import { describe, expect, it } from 'vitest';

const values = (shape: readonly number[], special: readonly number[] = []): SampleTensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, i) => Math.fround(2 * Math.sin(i * i)));
  special.forEach((value, i) => (data[(i * 677 + 131) % size] = value));
  return { shape, dtype: 'float32', data };
};
const integers = ({ shape, data }: SampleTensor): SampleTensor => ({ shape, dtype: 'int32', data: data.map((x) => Math.trunc(x * 1000)) });
const tolerance = { rtol: 1e-4, atol: 1e-3 };

// Rows that a team takes: longer than it, no multiple of it, with what spreads in only some.
const rows: OpDescription = {
  name: 'rows',
  samples: [
    { inputs: [values([5, 1000])], run: (x) => [x!.sum(1), x!.max(1), x!.min(1), x!.logSoftmax()], order: 0, tolerance },
    { inputs: [values([5, 1000])], run: (x) => x!.softmax(), order: 0, tolerance: tolerances.elementwise },
    { inputs: [values([3, 129])], run: (x) => [x!.sum(1), x!.max(1), x!.sub(5).max(1), x!.mul(0.01).add(1).prod(1)], order: 0, tolerance },
    {
      inputs: [values([4, 700], [NaN, Infinity, -Infinity])],
      run: (x) => [x!.sum(1), x!.max(1), x!.min(1), x!.prod(1)],
      order: 0,
      tolerance,
    },
    {
      inputs: [integers(values([3, 500]))],
      run: (x) => [x!.sum(1), x!.max(1), x!.min(1), x!.prod(1)],
      order: 0,
      tolerance: { rtol: 0, atol: 0 },
    },
    { inputs: [values([30_011])], run: (x) => [x!.sum(), x!.max(), x!.min()], order: 0, tolerance: { rtol: 1e-4, atol: 5e-3 } },
  ],
};

const folds = /sum|max|min|prod|softmax|norm|mean|entropy/i;

for (const [name, features] of [
  ['with what the adapter has', undefined],
  ['without subgroups', []],
] as const) {
  describe.skipIf(!process.env['TESSERA_WEBGPU'])(`folding by teams ${name}`, () => {
    const make = (): ReturnType<typeof webgpu> => webgpu(features ? { features } : {});
    const reference = cpu();
    for (const description of [rows, ...opDescriptions.filter((op) => folds.test(op.name))]) {
      it(description.name, async () => checkOp(description, await make(), reference));
    }

    it('gives the same bits at every run', async () => {
      const backend = await make();
      expect(backend.device.features.has('subgroups' as GPUFeatureName)).toBe(features === undefined);
      const x = t.tensor(Float32Array.from(values([9, 1003]).data), { shape: [9, 1003], backend });
      const run = (): Promise<unknown> => Promise.all([x.sum(1), x.softmax(), x.sum()].map((y) => y.data()));
      const first = await run();
      for (let i = 0; i < 5; i++) expect(await run()).toEqual(first);
      backend.dispose();
    });
  });
}
