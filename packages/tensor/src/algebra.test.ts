import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { beforeEach, describe, expect } from 'vitest';
import { setDefaultBackend } from './default-backend.ts';
import { concat, einsum, expandDims, keep, pack, split, squeeze, stack, sum, tensor, type Tensor, tidy, where } from './index.ts';

const whole = fc.integer({ min: -8, max: 8 });
const length = fc.integer({ min: 0, max: 5 });

/** A tensor of small whole numbers, so that sums and products are exact in any order. */
function filled(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => (((i + 1) * (seed + 17) * 7919) % 17) - 8),
    { shape },
  );
}
const same = async (a: Tensor, b: Tensor): Promise<void> => {
  expect(a.shape).toEqual(b.shape);
  // Adding zero makes −0 into 0: which of the two a sum of nothing gives is not algebra's business.
  expect(await a.add(0).array()).toEqual(await b.add(0).array());
};
const shapes = fc.array(length, { maxLength: 4 });
const seeds = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000));

const backends = { cpu: cpu(), wasm: await wasm() };

describe.each(Object.keys(backends) as (keyof typeof backends)[])('the algebra on %s', (name) => {
  beforeEach(() => void setDefaultBackend(backends[name]));

  test.prop([shapes, seeds])('addition and multiplication commute, associate and distribute', async (shape, [p, q, r]) => {
    const [a, b, c] = [filled(shape, p), filled(shape, q), filled(shape, r)];
    await same(a.add(b), b.add(a));
    await same(a.mul(b), b.mul(a));
    await same(a.add(b).add(c), a.add(b.add(c)));
    await same(a.mul(b.add(c)), a.mul(b).add(a.mul(c)));
    await same(a.sub(b), b.sub(a).neg());
  });

  test.prop([shapes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), seeds])(
    'broadcasting equals spreading first',
    async (shape, ones, [p, q]) => {
      const a = filled(shape, p);
      const b = filled(
        shape.map((n, i) => (ones[i] ? 1 : n)),
        q,
      );
      await same(a.mul(b), a.mul(b.broadcastTo(shape)));
      await same(where(a.greater(b), a, b), a.maximum(b));
    },
  );

  test.prop([shapes, seeds])('movement can be undone', async (shape, [p]) => {
    const a = filled(shape, p);
    await same(a.T.T, a);
    await same(a.reshape([-1, ...(a.size === 0 ? [1] : [])]).reshape(shape), a);
    await same(squeeze(expandDims(a, 0), 0), a);
    await same(a.flip().flip(), a);
    await same(stack([a, a.neg()]).at(1), a.neg());
  });

  test.prop([fc.integer({ min: 1, max: 6 }), length, length, seeds])('concat is undone by split', async (n, m, k, [p, q]) => {
    const [a, b] = [filled([n, m], p), filled([n, k], q)];
    const [left, right] = split(concat([a, b], 1), [m, k], 1);
    await same(left!, a);
    await same(right!, b);
  });

  test.prop([
    fc.array(whole, { minLength: 1, maxLength: 9 }),
    fc.option(fc.integer({ min: -12, max: 12 })),
    fc.option(fc.integer({ min: -12, max: 12 })),
    fc.constantFrom(-3, -2, -1, 1, 2, 3),
  ])('slices are those of Python', async (values, start, stop, step) => {
    const n = values.length;
    const clip = (i: number, low: number, high: number): number => Math.min(high, Math.max(low, i < 0 ? i + n : i));
    const expected: number[] = [];
    if (step > 0) for (let i = clip(start ?? 0, 0, n); i < clip(stop ?? n, 0, n); i += step) expected.push(values[i]!);
    else
      for (let i = start === null ? n - 1 : clip(start, -1, n - 1); i > (stop === null ? -1 : clip(stop, -1, n - 1)); i += step)
        expected.push(values[i]!);
    expect(await tensor(values).at([start, stop, step]).array()).toEqual(expected);
  });

  test.prop([shapes, seeds])('a sum over axes one after another is the sum over all', async (shape, [p]) => {
    const a = filled(shape, p);
    let rest = a;
    for (const _ of shape) rest = sum(rest, 0);
    await same(rest, a.sum());
  });

  test.prop([length, length, length, length, seeds])(
    'matrix products transpose, associate, and equal einsum',
    async (n, m, k, l, [p, q, r]) => {
      const [a, b, c] = [filled([n, m], p), filled([m, k], q), filled([k, l], r)];
      await same(a.matmul(b).T, b.T.matmul(a.T));
      await same(a.matmul(b).matmul(c), a.matmul(b.matmul(c)));
      await same(einsum('ij,jk->ik', a, b), a.matmul(b));
    },
  );

  test.prop([fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), { minLength: 1, maxLength: 4 }), seeds])(
    'packed tensors are unpacked as they were',
    async (all, [p]) => {
      const tensors = all.map((shape, i) => filled(shape, p + i));
      const packed = pack(tensors);
      for (const [i, part] of packed.unpack().entries()) await same(part, tensors[i]!);
    },
  );

  test.prop([fc.nat(6)])('a scope frees all that is not returned or kept', async (count) => {
    const before = backends[name].memory().liveBuffers;
    const kept: Tensor[] = [];
    const result = tidy(() => {
      const made = Array.from({ length: count + 1 }, (_, i) => filled([3], i).add(1));
      kept.push(keep(filled([2], 1)));
      return made[0]!;
    });
    expect(backends[name].memory().liveBuffers).toBe(before + 2);
    for (const held of [result, ...kept]) held.dispose();
    expect(backends[name].memory().liveBuffers).toBe(before);
  });
});
