import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { defineOp, treeLeaves, treeMap } from '@tessera/core';
import { beforeAll, describe, expect } from 'vitest';
import { onesLike, tensor, zeros } from './creation.ts';
import { setDefaultBackend } from './default-backend.ts';
import { run, withRecorder } from './door.ts';
import * as activation from './ops/activation.ts';
import * as attention from './ops/attention.ts';
import * as convolution from './ops/convolution.ts';
import * as diagonal from './ops/diagonal.ts';
import { einsum } from './ops/einsum.ts';
import { clip, where } from './ops/elementwise.ts';
import * as indexing from './ops/indexing.ts';
import * as joining from './ops/joining.ts';
import * as movement from './ops/movement.ts';
import * as normalization from './ops/normalization.ts';
import { pad } from './ops/padding.ts';
import { Random } from './ops/random.ts';
import * as recurrent from './ops/recurrent.ts';
import * as reduction from './ops/reduction.ts';
import * as sorting from './ops/sort.ts';
import { isSymbolic, originOf, outline, recordCall, symbol } from './symbolic.ts';
import type { Tensor } from './tensor.ts';
import { knownShape, UNKNOWN } from './unknown-axis.ts';
import { Variable } from './variable.ts';

const { concat, split, stack, unstack } = joining;
const { reshape } = movement;
const { mean, sum } = reduction;

beforeAll(() => void setDefaultBackend(cpu()));

const batch = (): Tensor => symbol({ shape: [UNKNOWN, 4, 6], dtype: 'float32' });

function filled(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 17) / 8 - 1),
    { shape },
  );
}

/** The calls that made a symbolic tensor, made once more with tensors in place of the symbols at their beginning. */
function replay(y: Tensor, given: ReadonlyMap<Tensor, Tensor>): Tensor {
  if (!isSymbolic(y)) return y;
  const origin = originOf(y);
  if (!origin) return given.get(y)!;
  const args = treeMap((leaf: unknown) => (isSymbolic(leaf) ? replay(leaf, given) : leaf), origin.args) as unknown[];
  const result = (origin.callee as (...args: unknown[]) => unknown)(...args);
  return treeLeaves(result)[treeLeaves(origin.result).indexOf(y)] as Tensor;
}

const everyday: Readonly<Record<string, readonly [f: (x: Tensor) => Tensor, shape: (number | null)[]]>> = {
  add: [(x) => x.add(1), [null, 4, 6]],
  'broadcast add': [(x) => x.add(filled([6])), [null, 4, 6]],
  relu: [(x) => x.relu(), [null, 4, 6]],
  gelu: [(x) => activation.gelu(x, { approximate: 'tanh' }), [null, 4, 6]],
  softmax: [(x) => x.softmax(1), [null, 4, 6]],
  glu: [(x) => activation.glu(x), [null, 4, 3]],
  where: [(x) => where(x.greater(0), x, 0), [null, 4, 6]],
  clip: [(x) => clip(x, -0.5, x.mean()), [null, 4, 6]],
  astype: [(x) => x.astype('int32').astype('float32'), [null, 4, 6]],
  'mean of all': [(x) => x.mean(), []],
  'mean over the batch': [(x) => x.mean({ axis: 0 }), [4, 6]],
  'mean over features': [(x) => x.mean({ axis: -1, keepDims: true }), [null, 4, 1]],
  variance: [(x) => reduction.variance(x, { axis: [0, 1], correction: 0 }), [6]],
  norm: [(x) => reduction.norm(x, { ord: Infinity, axis: 1 }), [null, 6]],
  logSumExp: [(x) => reduction.logSumExp(x, 2), [null, 4]],
  argmax: [(x) => x.argmax(-1).astype('float32'), [null, 4]],
  'cumsum along the batch': [(x) => x.cumsum(0), [null, 4, 6]],
  'cumprod along the batch': [(x) => reduction.cumprod(x, 0), [null, 4, 6]],
  'median of the batch': [(x) => reduction.median(x, 0), [4, 6]],
  reshape: [(x) => x.reshape([-1, 24]), [null, 24]],
  'reshape to rows': [(x) => x.reshape([-1, 6]), [null, 6]],
  flatten: [(x) => movement.flatten(x, 1), [null, 24]],
  unflatten: [(x) => movement.unflatten(x, 2, [2, -1]), [null, 4, 2, 3]],
  transpose: [(x) => x.transpose([0, 2, 1]), [null, 6, 4]],
  'batch last': [(x) => x.T, [6, 4, null]],
  expandDims: [(x) => x.expandDims(1).squeeze(1), [null, 4, 6]],
  flip: [(x) => x.flip(0), [null, 4, 6]],
  pad: [
    (x) =>
      pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 0],
        ],
        5,
      ),
    [null, 7, 6],
  ], // prettier-ignore
  'pad by reflection': [
    (x) =>
      pad(
        x,
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        0,
        'reflect',
      ),
    [null, 6, 6],
  ], // prettier-ignore
  concat: [(x) => concat([x, x.neg(), filled([1, 1, 6]).add(onesLike(x))], -1), [null, 4, 18]],
  stack: [(x) => stack([x, x], 1), [null, 2, 4, 6]],
  split: [(x) => split(x, [1, 3], 1)[1]!, [null, 3, 6]],
  unstack: [(x) => unstack(x, 1)[2]!, [null, 6]],
  tensorSplit: [(x) => joining.tensorSplit(x, 2, 1)[0]!, [null, 2, 6]],
  tile: [(x) => joining.tile(x, [1, 2, 1]), [null, 8, 6]],
  repeat: [(x) => joining.repeat(x, 3, 1), [null, 12, 6]],
  roll: [(x) => joining.roll(x, 1, 0), [null, 4, 6]],
  at: [(x) => x.at(':', 1, [1, null, 2]), [null, 3]],
  'the last example': [(x) => x.at(-1), [4, 6]],
  'all examples but one': [(x) => concat([x, x]).at('1:'), [null, 4, 6]],
  take: [(x) => x.take([3, 0], 1), [null, 2, 6]],
  setAt: [(x) => indexing.setAt(x, [':', 0], 9), [null, 4, 6]],
  oneHot: [(x) => indexing.oneHot(x.argmax(-1), 6), [null, 4, 6]],
  matmul: [(x) => x.matmul(filled([6, 3])), [null, 4, 3]],
  'batched matmul': [(x) => x.matmul(x.transpose([0, 2, 1])), [null, 4, 4]],
  einsum: [(x) => einsum('bij,jk->bik', x, filled([6, 2])), [null, 4, 2]],
  tril: [(x) => diagonal.tril(x), [null, 4, 6]],
  conv: [(x) => convolution.conv(x, filled([3, 6, 5]), { padding: 'same', strides: 2 }), [null, 2, 5]],
  maxPool: [(x) => convolution.maxPool(x, 2), [null, 2, 6]],
  averagePool: [(x) => convolution.averagePool(x, 2, { padding: 'same' }), [null, 2, 6]],
  layerNormalization: [(x) => normalization.layerNormalization(x, { gamma: filled([6]) }), [null, 4, 6]],
  batchNormalization: [(x) => normalization.batchNormalization(x).y, [null, 4, 6]],
  'statistics of a batch': [(x) => normalization.batchNormalization(x).mean, [6]],
  attention: [(x) => attention.scaledDotProductAttention(x, x, x, { causal: true }), [null, 4, 6]],
  lstm: [(x) => recurrent.lstm(x.at('...', '0:4'), filled([1, 4]), x.at(':', 0, '0:1'), x.at(':', 1, '0:1')).h, [null, 4, 1]],
  sort: [(x) => x.sort(1), [null, 4, 6]],
  topk: [(x) => sorting.topk(x, 2).values, [null, 4, 2]],
};

describe('a symbolic tensor', () => {
  test.each(Object.entries(everyday))('knows its shape after %s, whose calls can be replayed', async (_, [f, shape]) => {
    const x = batch();
    const y = f(x);
    expect(isSymbolic(y)).toBe(true);
    expect(knownShape(y.shape)).toEqual(shape);
    for (const examples of [1, 3]) {
      const given = filled([examples, 4, 6]);
      const [direct, replayed] = [f(given), replay(y, new Map([[x, given]]))];
      expect([replayed.shape, replayed.dtype]).toEqual([direct.shape, y.dtype]);
      expect(await replayed.array()).toEqual(await direct.array());
    }
  });

  const steps: readonly ((x: Tensor) => Tensor)[] = [
    (x) => x.relu(),
    (x) => x.mul(x).add(0.5),
    (x) => x.mean({ axis: -1, keepDims: true }),
    (x) => x.sum({ axis: 0, keepDims: true }),
    (x) => x.softmax(),
    (x) => x.reshape([-1, x.shape.at(-1)!]).expandDims(1),
    (x) => x.transpose([0, 2, 1]),
    (x) => concat([x, x.neg()], -1),
    (x) => stack(unstack(x, 1), 1),
    (x) => split(x, 1, 2)[0]!,
    (x) => x.at(':', -1).expandDims(1),
    (x) => x.matmul(filled([x.shape.at(-1)!, 3])),
    (x) => normalization.layerNormalization(x),
  ];
  test.prop([fc.array(fc.nat(steps.length - 1), { maxLength: 8 }), fc.integer({ min: 1, max: 4 })])(
    'replays any chain of calls on any number of examples',
    async (chain, examples) => {
      const f = (x: Tensor): Tensor => chain.reduce((y, i) => steps[i]!(y), x);
      const [x, given] = [batch(), filled([examples, 4, 6])];
      const [y, direct] = [f(x), f(given)];
      const replayed = replay(y, new Map([[x, given]]));
      expect(await replayed.array()).toEqual(await direct.array());
      knownShape(y.shape).forEach((length, axis) => expect(length ?? direct.shape[axis]).toBe(direct.shape[axis]));
    },
  );

  test('remembers the call with its arguments, and its other outputs', () => {
    const x = batch();
    const options = { axis: 0, keepDims: true };
    expect(originOf(x)).toBeUndefined();
    expect(originOf(x.mean(options))).toMatchObject({ callee: mean, args: [x, options] });
    expect(originOf(x.softmax())!.args).toEqual([x]);
    const [first, second] = split(x, 3, -1);
    expect(originOf(second!)).toMatchObject({ callee: split, args: [x, 3, -1], result: [first, second] });
    expect(originOf(x.reshape([-1, 4]))!.args).toEqual([x, [-1, 4]]);
  });

  test('keeps arguments as they were at the call', () => {
    const shape = [-1, 4];
    const y = batch().reshape(shape);
    shape[1] = 3;
    expect(originOf(y)!.args[1]).toEqual([-1, 4]);
  });

  test('is found in arrays and options', () => {
    const [x, mask] = [batch(), symbol({ shape: [UNKNOWN, 4, 4], dtype: 'bool' })];
    const qkv = filled([2, 4, 6]);
    expect(isSymbolic(attention.scaledDotProductAttention(qkv, qkv, qkv, { mask: mask.at([0, 2]) }))).toBe(true);
    expect(isSymbolic(concat([qkv, x]))).toBe(true);
    expect(isSymbolic(qkv.add(x.at(-1)))).toBe(true);
    expect(isSymbolic(qkv.add(1))).toBe(false);
  });

  test('gives an axis halved and doubled back, and one of which pieces are counted not', () => {
    const sound = symbol({ shape: [2, UNKNOWN, 3], dtype: 'float32' });
    const half = convolution.maxPool(sound, 2);
    expect(joining.repeat(half, 2, 1).shape).toEqual(sound.shape);
    expect(knownShape(convolution.conv(sound, filled([3, 3, 5])).shape)).toEqual([2, null, 5]);
    expect(knownShape(symbol({ shape: [UNKNOWN, UNKNOWN, 8], dtype: 'float32' }).matmul(filled([8, 3])).shape)).toEqual([null, null, 3]);
    expect(() => unstack(sound, 1)).toThrow('[unstack] the number of pieces depends on an axis whose length is not known');
    expect(() => split(sound, 2, 1)).toThrow('[split] the number of pieces depends on an axis whose length is not known');
  });

  test('has no numbers', async () => {
    await expect(batch().data()).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining('no numbers') });
    await expect(symbol({ shape: [], dtype: 'float32' }).item()).rejects.toMatchObject({ name: 'UsageError' });
  });

  test('shows unknown lengths in messages as ?', () => {
    expect(() => batch().add(filled([3, 4, 6]))).toThrow(
      '[add] shapes must be equal or 1 on every axis, counted from the last: got [?, 4, 6] and [3, 4, 6]',
    );
    expect(() => batch().at(0, 7)).toThrow('[at] index must be from -4 to 3 on axis 1: got 7');
  });

  test('does not let unknown lengths into arguments', () => {
    const x = batch();
    const message = (name: string): string => `[${name}] got the length of an axis that is not known.`;
    expect(() => x.reshape([x.shape[0]!, 24])).toThrow(`${message('reshape')} Use -1 for it.`);
    expect(() => x.reshape([x.shape[0]! * 4, 6])).toThrow(message('reshape'));
    expect(() => reshape(x, [x.size / 7])).toThrow(message('reshape'));
    expect(() => sum(x).div(x.shape[0]!)).toThrow(message('div'));
    expect(() => sum(x).mul(Math.floor((x.shape[0]! - 3) / 3) + 1)).toThrow(message('mul'));
    expect(() => x.at(`0:${x.shape[0]! - 1}`)).toThrow(message('at'));
    expect(() => indexing.setAt(x, [[0, x.shape[0]! - 1]], 0)).toThrow(message('setAt'));
    expect(() => x.add(zeros([x.shape[0]!, 4, 6]))).toThrow('[add] got a tensor made with the length of an axis that is not known.');
  });

  test('takes other large numbers', () => {
    const x = batch();
    expect(originOf(x.mul(1e10))!.args).toEqual([x, 1e10]);
    expect(originOf(clip(x, -Infinity, Infinity))!.args).toEqual([x, -Infinity, Infinity]);
    expect(originOf(x.take([2, 1], 1))!.args).toEqual([x, [2, 1], 1]);
  });
});

describe('recording', () => {
  test('leaves variables, sources of random numbers and recorders alone', async () => {
    const [random, count] = [new Random(1), new Variable(tensor([3]))];
    const heard: unknown[] = [];
    const layer = (x: Tensor): Tensor => {
      count.assign(count.read().add(1));
      return x.mul(count.read()).add(random.uniform(x.shape));
    };
    const x = batch();
    const y = withRecorder({ record: ({ op }) => heard.push(op), read: () => heard.push('read') }, () => recordCall(layer, [x], layer));
    expect(originOf(y)).toMatchObject({ callee: layer, args: [x] });
    expect(knownShape(y.shape)).toEqual([null, 4, 6]);
    expect(random.draws).toBe(0);
    expect(await count.read().array()).toEqual([3]);
    expect(heard).toEqual([]);
  });

  test('finds shapes of real tensors as well, and records nothing', () => {
    const x = filled([2, 3]);
    const shape = outline({ x, pair: [x, x] }, ({ x, pair }) => concat([x, ...pair]).mean({ axis: 1 }).shape);
    expect(shape).toEqual([6]);
  });

  test('keeps what is not a tensor in the result', () => {
    const f = (x: Tensor) => ({ y: x.add(1), rest: [x.shape[1], 'name'], none: undefined });
    const made = recordCall(f, [batch()], f);
    expect(made).toEqual({ y: expect.anything(), rest: [4, 'name'], none: undefined });
    expect(originOf(made.y)!.result).toBe(made);
  });

  test('has a symbol of its own for an argument that is returned', () => {
    const x = batch();
    const y = movement.atLeast2d(x);
    expect(originOf(y)).toMatchObject({ callee: movement.atLeast2d, args: [x] });
  });

  test('takes composites and primitives that are run directly', () => {
    const x = batch();
    const double = defineOp<{ times: number }>({ name: '@scope/double', decompose: (b, [t], { times }) => [b.mul(t!, times)] });
    expect(originOf(run(double, [x], { times: 2 })[0]!)).toMatchObject({ callee: double, args: [[x], { times: 2 }] });
    const [values, indices] = run('sort', [x], { axis: 1, descending: false });
    expect([values!.dtype, indices!.dtype]).toEqual(['float32', 'int32']);
    expect(originOf(indices!)!.result).toEqual([values, indices]);
    expect(() => run('reshape', [x], { shape: [UNKNOWN, 24] })).toThrow('[reshape] got the length of an axis');
  });
});
