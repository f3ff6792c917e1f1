import { cpu } from '@tessera/backend-cpu';
import { webgpu } from '@tessera/backend-webgpu';
import * as composites from '@tessera/core/composites';
import { checkOp, expectClose, type OpDescription, type SampleTensor, tolerances } from '@tessera/testkit';
import * as t from '@tessera/tensor';
import { describe, expect, it } from 'vitest';

const { exact, elementwise, reduction } = tolerances;

/** Numbers from −2 to 2, with NaN, infinities and zeros among them. */
function values(shape: readonly number[], plain = false): SampleTensor {
  const special = [NaN, Infinity, -Infinity, -0];
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: size }, (_, i) => (!plain && i % 61 === 7 ? special[i % 4]! : Math.fround(2 * Math.sin(i * i))));
  return { shape, dtype: 'float32', data };
}

const truths = (shape: readonly number[]): SampleTensor => ({
  shape,
  dtype: 'bool',
  data: values(shape, true).data.map((x) => (x > 0 ? 1 : 0)),
});

/** Few different numbers. */
const alike = (shape: readonly number[]): SampleTensor => ({ ...values(shape), data: values(shape).data.map((x) => Math.round(2 * x)) });

/** Rows of 50, some counted from the end, some not there, one of them often. */
const rows: readonly number[] = Array.from({ length: 3000 }, (_, i) => (i % 3 ? ((i * 7919) % 120) - 60 : 5));

// Sizes at which kernels take four elements at a time, add up in parts or by teams, or sort in workgroup memory and in passes.
const descriptions: readonly OpDescription[] = [
  {
    name: 'element-wise, four at a time',
    samples: [
      { inputs: [values([16_387]), values([16_387])], run: (a, b) => [a!.add(b!), a!.mul(b!), a!.maximum(b!), a!.less(b!)], order: 0 },
      { inputs: [values([130, 128]), values([128])], run: (a, b) => [a!.sub(b!), a!.equal(b!)], order: 0 },
      { inputs: [values([130, 128]), values([130, 1])], run: (a, b) => [a!.div(b!), t.run('lessEqual', [b!, a!], {})[0]!], order: 0 },
      { inputs: [values([3, 64, 128]), values([64, 1])], run: (a, b) => a!.mul(b!).add(1).relu(), order: 0 },
      { inputs: [truths([130, 128]), values([130, 128]), values([128])], run: (c, a, b) => t.where(c!, a!, b!), order: 0 },
      { inputs: [truths([16_387]), truths([16_387])], run: (a, b) => [t.logicalAnd(a!, b!), t.logicalNot(a!)], order: 0 },
      { inputs: [values([128, 130])], run: (x) => [x!.T.add(0), x!.at('::-1').mul(2), t.copy(x!.T)], order: 0, tolerance: exact },
    ],
  },
  {
    name: 'reductions in parts and by teams',
    samples: [
      { inputs: [values([20_011], true)], run: (x) => [x!.sum(), x!.max(), x!.cumsum(0)], order: 0, tolerance: { rtol: 1e-4, atol: 2e-3 } },
      {
        inputs: [values([5000, 7], true)],
        run: (x) => [x!.sum(0), x!.min(0), t.argmax(x!, 0)],
        order: 0,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
      {
        inputs: [values([7, 5000], true)],
        run: (x) => [x!.sum(1), t.logSoftmax(x!)],
        order: 0,
        gradients: true,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
      { inputs: [values([7, 5000], true)], run: (x) => t.softmax(x!), order: 0, gradients: true, tolerance: { rtol: 1e-4, atol: 1e-7 } },
      { inputs: [values([7, 500])], run: (x) => [x!.max(1), t.argmin(x!, 1)], order: 0, tolerance: elementwise },
      { inputs: [values([1000, 37])], run: (x) => [x!.max(0), x!.min(0), x!.sum(0)], order: 0, tolerance: elementwise },
      {
        inputs: [values([3, 200, 37], true)],
        run: (x) => [x!.sum([0, 1]), x!.sum(1), x!.add(1).prod(1), x!.mul(9).astype('int32').sum(1)],
        order: 0,
        tolerance: { rtol: 1e-3, atol: 1e-3 },
      },
      {
        inputs: [values([2, 100, 3], true), values([300, 2], true)],
        run: (x, y) => [t.softmax(x!, 1), t.logSoftmax(x!, 1), t.run(composites.sumSquare, [y!], {})[0]!],
        order: 0,
        gradients: true,
        tolerance: reduction,
      },
      {
        inputs: [values([5, 90], true), { shape: [5, 90], dtype: 'int32', data: Array.from({ length: 450 }, (_, i) => i % 3) }],
        run: (z, y) => t.run(composites.softmaxCrossEntropy, [z!, y!.astype('float32')], {})[0]!,
        order: 0,
        gradients: true,
        tolerance: reduction,
      },
    ],
  },
  {
    name: 'products with long sums',
    samples: [
      {
        inputs: [values([8, 3000], true), values([3000, 12], true)],
        run: (a, b) => a!.matmul(b!),
        order: 0,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
      {
        inputs: [values([64, 32], true), values([64, 48], true)],
        run: (a, b) => [a!.T.matmul(b!), a!.T.matmul(b!).T.matmul(a!.T)],
        order: 0,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
    ],
  },
  {
    name: 'places of the greatest, by teams',
    samples: [
      { inputs: [values([7, 500]), truths([5, 300])], run: (x, y) => [t.argmax(x!, 1), t.argmin(x!, 1), t.argmax(y!, 1)], order: 0 },
      { inputs: [values([500, 7]), alike([3, 400])], run: (x, y) => [t.argmax(x!, 0), t.argmin(y!, 1), t.argmax(y!, 1)], order: 0 },
    ],
  },
  {
    name: 'sums along lanes in parts',
    samples: [
      {
        inputs: [
          values([2, 3000, 3], true),
          { shape: [70_001], dtype: 'int32', data: Array.from({ length: 70_001 }, (_, i) => (i * 7919) % 31) },
        ],
        run: (x, y) => [x!.cumsum(1), y!.cumsum(0)],
        order: 0,
        gradients: true,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
      { inputs: [values([9000, 130], true)], run: (x) => x!.cumsum(1), order: 0, tolerance: { rtol: 1e-4, atol: 1e-3 } },
    ],
  },
  {
    name: 'updates sorted by their rows',
    samples: (['add', 'set', 'max', 'min'] as const).map((mode) => ({
      inputs: [
        values([50, 6], true),
        { shape: [3000], dtype: 'int32' as const, data: rows },
        values([3000, 6], true),
        values([2, 50, 3], true),
      ],
      run: (x: t.Tensor, i: t.Tensor, u: t.Tensor, y: t.Tensor) => [
        t.scatter(x, i, u, { mode }),
        t.scatter(y, i, u.reshape([2, 3000, 3]), { mode, axis: 1 }),
        t.scatter(x.astype('int32'), i, u.mul(9).astype('int32'), { mode }),
      ],
      order: 0 as const,
      tolerance: { rtol: 1e-4, atol: 1e-3 },
    })),
  },
  {
    // Captured, they are made where they belong in the whole.
    name: 'pieces of a whole',
    samples: [
      {
        inputs: [values([50, 6], true), { shape: [3000], dtype: 'int32', data: rows }, values([3000, 6], true)],
        run: (x, i, u) => [
          t.concat([x!.mul(2), t.scatter(x!, i!, u!), t.scatter(x!, i!.at(':9'), u!.at(':9')), u!.sum({ axis: 0, keepDims: true })], 0),
          t.concat([x!.sum(1), u!.reshape([1000, 18]).sum(0), u!.sum(1), u!.sum().reshape([1])], 0),
        ],
        order: 0,
        tolerance: { rtol: 1e-4, atol: 1e-3 },
      },
    ],
  },
  {
    name: 'the first of many',
    samples: [
      {
        inputs: [values([3, 5000]), values([2, 300]), alike([4, 2500])],
        run: (x, y, z) =>
          [t.topk(x!, 4), t.topk(x!, 7, { largest: false }), t.topk(x!, 700), t.topk(y!, 5), t.topk(z!, 9)].flatMap(
            ({ values: v, indices }) => [v, indices],
          ),
        order: 0,
        tolerance: exact,
      },
      { inputs: [alike([300, 3])], run: (x) => Object.values(t.sortWithIndices(x!, 0)), order: 0, tolerance: exact },
      { inputs: [truths([5, 301])], run: (x) => [t.sort(x!, 1), t.argsort(x!, 1, { descending: true })], order: 0, tolerance: exact },
    ],
  },
  {
    // More units than a workgroup has invocations.
    name: 'recurrent layers time by time',
    samples: [
      {
        inputs: [values([2, 3, 1200], true), values([300, 1200], true), values([2, 300], true)],
        run: (z, w, state) => Object.values(t.lstm(z!, w!.mul(0.05), state!, state!)),
        order: 0,
        gradients: true,
        tolerance: { rtol: 1e-3, atol: 1e-4 },
      },
      {
        inputs: [values([2, 3, 900], true), values([300, 900], true), values([900], true), values([2, 300], true)],
        run: (z, w, b, state) => t.gru(z!, w!.mul(0.05), b!, state!),
        order: 0,
        gradients: true,
        tolerance: { rtol: 1e-3, atol: 1e-4 },
      },
    ],
  },
  {
    name: 'recurrent layers of examples that share weights',
    samples: [
      {
        inputs: [values([19, 6, 20], true), values([5, 20], true), values([19, 5], true)],
        run: (z, w, state) => Object.values(t.lstm(z!, w!.mul(0.3), state!, state!)),
        order: 0,
        gradients: true,
        tolerance: reduction,
      },
      {
        inputs: [values([19, 6, 15], true), values([5, 15], true), values([15], true), values([19, 5], true)],
        run: (z, w, b, state) => t.gru(z!, w!.mul(0.3), b!, state!),
        order: 0,
        gradients: true,
        tolerance: reduction,
      },
    ],
  },
  {
    name: 'sorting in passes',
    samples: [
      { inputs: [values([2, 5000])], run: (x) => [t.sort(x!, 1), t.argsort(x!, 1, { descending: true })], order: 0, tolerance: exact },
    ],
  },
];

describe.skipIf(!process.env['TESSERA_WEBGPU'])('large tensors on WebGPU', () => {
  const reference = cpu();
  for (const description of descriptions) {
    it(description.name, async () => checkOp(description, await webgpu(), reference));
  }

  it('more workgroups than one dimension has are laid out in two', async () => {
    const backend = await webgpu();
    const count = 65_535 * 256 + 1000;
    const x = t.ones([count], { backend }).add(t.tensor([1], { backend }));
    await expectClose('the end', x.at(`${count - 3}:`), t.full([3], 2, { backend }), exact);
    expect(await x.sum().item()).toBe(2 * count);
    backend.dispose();
  });

  it('an op with more operands than a shader may bind is done in parts', async () => {
    const backend = await webgpu();
    const many = Array.from({ length: 24 }, (_, i) => t.tensor([i, i + 1, -i], { backend }));
    const { capture } = await import('@tessera/capture');
    const sum = capture((given: readonly t.Tensor[]) => t.tidy(() => given.reduce((a, b) => a.add(b))));
    await expectClose(
      'captured',
      sum(many),
      many.reduce((a, b) => a.add(b)),
      exact,
    );
    expect(sum.plans[0]!.steps.some(({ inputs }) => inputs.length === 24)).toBe(true);
    backend.dispose();
  });

  it('numbers of the dtypes that are only stored are converted as on the host', async () => {
    const backend = await webgpu();
    const doubles = Float64Array.of(
      0,
      -0,
      1.1,
      -3.99,
      1e300,
      -1e300,
      NaN,
      Infinity,
      5e-324,
      1e-45,
      65_519.999,
      2 ** 53 + 2,
      1e18,
      33_333.3,
      1 + 2 ** -11 + 2 ** -40,
    );
    for (const to of ['float32', 'int32', 'bool', 'uint8', 'int8', 'int64', 'float16', 'bfloat16'] as const) {
      const [got, expected] = [backend, reference].map((on) => t.tensor(doubles, { dtype: 'float64', backend: on }).astype(to));
      await expectClose(`float64 to ${to}`, got!, expected!, exact);
    }
    const longs = BigInt64Array.of(0n, -1n, 2n ** 62n + 1n, -(2n ** 63n), 123_456_789_012n, 2n ** 53n + 1n, -300n, 127n);
    for (const to of ['float32', 'int32', 'bool', 'uint8', 'int8', 'float64', 'float16', 'bfloat16'] as const) {
      const [got, expected] = [backend, reference].map((on) => t.tensor(longs, { dtype: 'int64', backend: on }).astype(to));
      await expectClose(`int64 to ${to}`, got!, expected!, exact);
    }
    backend.dispose();
  });

  it('functions are within 2e-5 of the host over their whole range', async () => {
    const backend = await webgpu();
    const ranges: [string, number, number][] = [
      ['exp', -87, 88],
      ['log', 1e-6, 1e6],
      ['log1p', -0.999, 100],
      ['expm1', -20, 80],
      ['sin', -1e6, 1e6],
      ['cos', -40, 40],
      ['tanh', -12, 12],
      ['erf', -5, 5],
      ['asin', -1, 1],
      ['acos', -1, 1],
      ['atan', -50, 50],
    ];
    for (const [op, low, high] of ranges) {
      const data = Float32Array.from({ length: 20_000 }, (_, i) => low + ((high - low) * i) / 19_999);
      const [got, expected] = [backend, reference].map((on) => t.run(op as 'exp', [t.tensor(data, { backend: on })], {})[0]!);
      await expectClose(op, got!, expected!, { rtol: 2e-5, atol: 5e-7 });
    }
    const base = Float32Array.from({ length: 20_000 }, (_, i) => 0.01 + i / 1000);
    const exponent = Float32Array.from({ length: 20_000 }, (_, i) => 8 * Math.sin(i));
    const [got, expected] = [backend, reference].map((on) => t.pow(t.tensor(base, { backend: on }), t.tensor(exponent, { backend: on })));
    await expectClose('pow', got!, expected!, { rtol: 2e-5, atol: 0 });
    backend.dispose();
  });
});
