import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { capture } from '@tessera/capture';
import { type Backend, fromFloat16, toFloat16 } from '@tessera/core';
import * as t from '@tessera/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Halves from −2 to 2. */
const bits = (size: number, seed: number): Uint16Array<ArrayBuffer> =>
  Uint16Array.from({ length: size }, (_, i) => toFloat16(2 * Math.sin(i * i + seed)));
const halves = (shape: readonly number[], backend: Backend, seed = 1): t.Tensor =>
  t.tensor(
    bits(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape, dtype: 'float16', backend },
  );

type Op = (...x: t.Tensor[]) => t.Tensor;
const ops: Readonly<Record<string, { readonly shapes: readonly (readonly number[])[]; readonly f: Op }>> = {
  'element-wise, few': { shapes: [[5, 7], [7]], f: (a, b) => a!.mul(b!) },
  'element-wise, many': { shapes: [[130, 128], [128]], f: (a, b) => a!.sub(b!) },
  'element-wise, many in rows': {
    shapes: [
      [130, 128],
      [130, 1],
    ],
    f: (a, b) => a!.maximum(b!),
  },
  'with a number': { shapes: [[16_391]], f: (a) => a!.mul(0.3) },
  functions: { shapes: [[333]], f: (a) => a!.exp() },
  comparisons: { shapes: [[130, 128], [128]], f: (a, b) => a!.less(b!) },
  choices: { shapes: [[21], [21]], f: (a, b) => t.where(a!.less(b!), a!, b!) },
  sums: { shapes: [[7, 500]], f: (a) => a!.sum(1) },
  maxima: { shapes: [[7, 500]], f: (a) => a!.max(0) },
  softmax: { shapes: [[5, 300]], f: (a) => a!.softmax() },
  products: {
    shapes: [
      [20, 24],
      [24, 12],
    ],
    f: (a, b) => a!.matmul(b!),
  },
  'products of odd sizes': {
    shapes: [
      [9, 17],
      [17, 11],
    ],
    f: (a, b) => a!.matmul(b!),
  },
  'products with long sums': {
    shapes: [
      [4, 2000],
      [2000, 8],
    ],
    f: (a, b) => a!.matmul(b!),
  },
  'products of turned matrices': {
    shapes: [
      [24, 20],
      [12, 24],
    ],
    f: (a, b) => a!.T.matmul(b!.T),
  },
  convolutions: {
    shapes: [
      [1, 8, 8, 4],
      [3, 3, 4, 8],
    ],
    f: (a, b) => t.conv(a!, b!),
  },
  views: { shapes: [[9, 11]], f: (a) => a!.T.at('1:', '::-2').add(0) },
};

for (const [name, options] of Object.entries({
  'as elements of shaders': { tiles: 'registers' },
  'as elements of shaders, tiles in workgroup memory': { tiles: 'workgroup' },
  'in words': { features: [] },
} as const)) {
  describe.skipIf(!process.env['TESSERA_WEBGPU'])(`float16 on WebGPU, ${name}`, () => {
    let backend: WebGpuBackend;
    const reference = cpu();
    beforeAll(async () => t.setDefaultBackend((backend = await webgpu(options))));
    afterAll(() => backend.dispose());

    it('takes two bytes', async () => {
      const before = backend.memory().liveBytes;
      const x = halves([1000], backend);
      const y = x.exp();
      expect(backend.memory().liveBytes - before).toBe(2 * 2000);
      expect(y.dtype).toBe('float16');
    });

    it('keeps every half what it is', async () => {
      const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
      const x = t.tensor(all, { dtype: 'float16' });
      for (const [op, y] of Object.entries({
        mul: x.mul(1),
        abs: x.abs(),
        copy: t.copy(x),
        cast: x.astype('float32').astype('float16'),
      })) {
        const got = (await y.data()) as Uint16Array;
        const wrong = all.filter((half) => {
          const [from, to] = [fromFloat16(half), fromFloat16(got[half]!)];
          return !Object.is(op === 'abs' ? Math.abs(from) : from, to);
        });
        expect([...wrong], op).toEqual([]);
      }
    });

    it('rounds to the nearest, halves to the even one, and beyond the largest to infinity', async () => {
      const values = [1, -1, 2047, 65_504, -65_504, 6e-8, 3e-5];
      const x = t.tensor(values).astype('float16');
      for (const factor of [1.0005, 0.1, 1.5, 2 ** -12]) {
        const half = fromFloat16(toFloat16(factor));
        const got = (await x.mul(factor).data()) as Uint16Array;
        expect([...got]).toEqual(values.map((value) => toFloat16(fromFloat16(toFloat16(value)) * half)));
      }
    });

    for (const [op, { shapes, f }] of Object.entries(ops)) {
      it(`computes in float32 and rounds once: ${op}`, async () => {
        const y = f(...shapes.map((shape, i) => halves(shape, backend, i)));
        const exact = f(...shapes.map((shape, i) => halves(shape, reference, i).astype('float32')));
        const got = (await y.astype('float32').data()) as Float32Array;
        const expected = (await exact.astype('float32').data()) as Float32Array;
        got.forEach((value, i) => {
          const right = fromFloat16(toFloat16(expected[i]!));
          // Sums in another order may come to lie on the other side of where rounding turns.
          expect(Math.abs(value - right), `${i}: ${value} for ${right}`).toBeLessThanOrEqual(
            Math.max(2 ** -24, Math.abs(right) * 2 ** -10) + 1e-5,
          );
        });
      });
    }

    it('captured steps give the bits of eager ones', async () => {
      const x = halves([6, 6, 6, 4], backend);
      const [w, b] = [halves([3, 3, 4, 8], backend, 2), halves([8], backend, 3)];
      const functions: Record<string, Op> = {
        chain: (a) => a!.mul(1.1).exp().add(a!).div(3).relu(),
        'with a bool': (a) => t.where(a!.mul(3).less(a!.add(1)), a!, a!.neg()),
        convolution: (a, k, c) => t.conv(a!, k!).add(c!).relu(),
        product: (a, k, c) =>
          a!
            .reshape([-1, 36])
            .matmul(k!.reshape([36, 8]))
            .add(c!)
            .sigmoid(),
        gradient: (a, k) => grad((kernel: t.Tensor) => t.conv(a!, kernel).square().mean())(k!) as t.Tensor,
      };
      for (const [op, f] of Object.entries(functions)) {
        const [eager, captured] = [f(x, w, b), capture(f)(x, w, b)];
        expect(captured.dtype).toBe('float16');
        expect(await captured.data(), op).toEqual(await eager.data());
      }
    });
  });
}
