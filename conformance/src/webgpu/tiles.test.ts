import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import { capture } from '@tessera/capture';
import { checkOp, expectClose, type OpDescription, opDescriptions, type SampleTensor } from '@tessera/testkit';
import * as t from '@tessera/tensor';
import { describe, expect, it } from 'vitest';

const values = (shape: readonly number[]): SampleTensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, dtype: 'float32', data: Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i * i))) };
};
const tolerance = { rtol: 1e-4, atol: 1e-3 };

// Tiles of both sizes, whole and broken off along each axis, sums in parts and with ends, operands that lie each way.
const products: readonly (readonly [M: number, K: number, N: number])[] = [
  [32, 16, 32],
  [8, 5, 8],
  [33, 17, 70],
  [40, 3000, 9],
  [68, 60, 36],
];
/** The same matrices, but with columns along memory. */
const transposed = (x: t.Tensor): t.Tensor => {
  const axes = x.shape.map((_, axis) => axis);
  const swapped = [...axes.slice(0, -2), x.rank - 1, x.rank - 2];
  return t.copy(x.transpose(swapped)).transpose(swapped);
};
const product: OpDescription = {
  name: 'products',
  samples: products.map(([M, K, N]) => ({
    inputs: [values([M, K]), values([K, N])],
    run: (a, b) => [a!.matmul(b!), transposed(a!).matmul(b!), a!.matmul(transposed(b!)), transposed(a!).matmul(transposed(b!))],
    order: 0,
    tolerance,
  })),
};
const batched: OpDescription = {
  name: 'products of many matrices',
  samples: [
    { inputs: [values([3, 2, 20, 24]), values([2, 24, 12])], run: (a, b) => a!.matmul(b!), order: 0, tolerance },
    {
      inputs: [values([11, 131, 18]), values([11, 18, 129])],
      run: (a, b) => [a!.matmul(b!), a!.matmul(b!).matmul(t.copy(b!.transpose([0, 2, 1])))],
      order: 0,
      tolerance,
    },
    { inputs: [values([70, 9, 10]), values([10, 11])], run: (a, b) => a!.matmul(b!), order: 0, tolerance },
  ],
};

const geometries: readonly { readonly x: number[]; readonly w: number[]; readonly options: Parameters<typeof t.conv>[2] }[] = [
  { x: [2, 9, 9, 8], w: [3, 3, 8, 12], options: {} },
  { x: [2, 11, 10, 8], w: [3, 2, 8, 9], options: { strides: 2, padding: 'same' } },
  { x: [1, 12, 12, 9], w: [3, 3, 9, 16], options: { dilation: 2, padding: 'same' } },
  { x: [1, 8, 8, 24], w: [3, 3, 12, 24], options: { groups: 2, padding: 'same' } },
  { x: [4, 64, 16], w: [5, 16, 8], options: { strides: 3 } },
  { x: [1, 4, 5, 6, 8], w: [2, 3, 2, 8, 8], options: { padding: 'same' } },
  { x: [5, 60, 60, 4], w: [3, 3, 4, 64], options: {} },
];
const convolutions: OpDescription = {
  name: 'convolutions and their gradients',
  samples: geometries.map(({ x, w, options }) => ({
    inputs: [values(x), values(w)],
    run: (image, kernel) => {
      const y = t.conv(image!, kernel!, options);
      const [dx, dw] = grad((a: t.Tensor, b: t.Tensor) => t.conv(a, b, options).mul(y).sum(), { argnums: [0, 1] })(
        image!,
        kernel!,
      ) as unknown as t.Tensor[];
      return [y, dx!, dw!];
    },
    order: 0,
    tolerance,
  })),
};

/** The ops that multiply matrices; of convolutions with an epilogue one is below, as drivers on the processor compile each for seconds. */
const multiplies = /matmul|convolution(?!Epilogue)|einsum/i;

describe.skipIf(!process.env['TESSERA_WEBGPU'])('tiles in workgroup memory', () => {
  const reference = cpu();
  for (const description of [product, batched, convolutions, ...opDescriptions.filter(({ name }) => multiplies.test(name))]) {
    it(description.name, async () => checkOp(description, await webgpu({ tiles: 'workgroup' }), reference));
  }

  it('an infinity beside the end of a sum stays out of it', async () => {
    const backend = await webgpu({ tiles: 'workgroup' });
    const whole = t.full([40, 40], 1, { backend }).at(':30', ':').mul(1);
    const rows = t.concat([whole, t.full([2, 40], Infinity, { backend })], 0);
    const [a, b] = [rows.at(':30', ':29'), rows.at('1:30', ':')];
    await expectClose('inside', a.matmul(b), t.full([30, 40], 29, { backend }), { rtol: 0, atol: 0 });
    backend.dispose();
  });

  it('captured products with their epilogue give the bits of eager ones', async () => {
    const backend = await webgpu({ tiles: 'workgroup' });
    t.setDefaultBackend(backend);
    const of = ({ data, shape }: SampleTensor): t.Tensor => t.tensor(Float32Array.from(data), { shape });
    const f = (x: t.Tensor, w: t.Tensor, b: t.Tensor): t.Tensor => x.matmul(w).add(b).relu();
    for (const [M, K, N] of products) {
      const given = [of(values([M, K])), of(values([K, N])), of(values([N]))] as const;
      expect(await capture(f)(...given).data()).toEqual(await f(...given).data());
    }
    const g = (x: t.Tensor, w: t.Tensor, b: t.Tensor): t.Tensor => t.conv(x, w, { padding: 'same' }).add(b).relu();
    for (const size of [6, 30]) {
      const given = [of(values([1, size, size, 8])), of(values([7, 7, 8, 12])), of(values([12]))] as const;
      expect(await capture(g)(...given).data()).toEqual(await g(...given).data());
    }
    backend.dispose();
  });
});
