import { cpu } from '@tessera/backend-cpu';
import { ones, setDefaultBackend, type Tensor, tensor, where } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture } from '../capture.ts';

beforeEach(() => setDefaultBackend(cpu()));

const x = (): Tensor =>
  tensor([
    [-0, 1, NaN],
    [Infinity, -2, 0.5],
  ]); // prettier-ignore
/** The ops that are left of a function, whose captured results are checked against its own. */
async function opsOf(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Promise<string[]> {
  const step = capture(f);
  const [captured, eager] = [step(...inputs), f(...inputs)];
  expect(captured.shape).toEqual(eager.shape);
  const bits = async (y: Tensor): Promise<Uint8Array> => new Uint8Array((await y.data()).buffer);
  expect(await bits(captured)).toEqual(await bits(eager));
  return step.plans[0]!.steps.map(({ op }) => op);
}

describe('what changes no bit is left out', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['products and quotients by 1', (x) => x.mul(1).div(1).exp()],
    ['sums and differences of a zero that has no sign to give', (x) => x.add(-0).sub(0).exp()],
    ['two signs changed', (x) => x.neg().neg().exp()],
    ['transposes there and back', (x) => x.transpose().transpose().exp()],
    ['shapes there and back', (x) => x.reshape([6]).reshape([3, 2]).reshape([2, 3]).exp()],
    ['casts to what it is', (x) => x.astype('float32').exp()],
    ['slices of everything', (x) => x.at(':', [0, 3]).exp()],
    ['selections by a constant', (x) => where(ones([2, 3], { dtype: 'bool' }), x, x.mul(2)).exp()],
    ['selections between two of the same', (x) => where(x.less(0), x.mul(1), x).exp()],
  ])('%s', async (_, f) => {
    expect(await opsOf(f, x())).toEqual(['exp']);
  });
  it('but not the sum with 0, which makes −0 positive', async () => {
    expect(await opsOf((x) => x.add(0), x())).toEqual(['add']);
    expect(await opsOf((x) => x.sub(-0), x())).toEqual(['sub']);
  });
  it('in integers also the sum with 0', async () => {
    expect(await opsOf((x) => x.add(0).mul(x), tensor([1, 2]))).toEqual(['add', 'mul']);
    expect(await opsOf((x) => x.add(0).mul(x), tensor([1, 2], { dtype: 'int32' }))).toEqual(['mul']);
  });
});

it('what is broadcast is not spread out before an element-wise op', async () => {
  const column = tensor([[2], [3]]);
  expect(await opsOf((x, c) => c!.broadcastTo([2, 3]).mul(x), x(), column)).toEqual(['mul']);
  const step = capture((c: Tensor) => c.broadcastTo([2, 3]).exp().neg());
  step(column);
  expect(step.plans[0]!.steps.slice(0, 2).map(({ outputs: [y] }) => y!.view.shape)).toEqual([
    [2, 1],
    [2, 1],
  ]);
});

it('what is summed lies as it does in eager code, for the order of a sum may depend on that', () => {
  const stridesOf = (f: (x: Tensor) => Tensor): readonly number[] => {
    const step = capture(f);
    step(x());
    return step.plans[0]!.steps.find(({ op }) => op === 'sum')!.inputs[0]!.view.strides;
  };
  expect(stridesOf((x) => x.transpose().mul(1).sum())).toEqual([2, 1]);
  expect(stridesOf((x) => x.mul(1).transpose().sum())).toEqual([1, 3]);
  expect(stridesOf((x) => x.at(0).broadcastTo([4, 3]).exp().sum())).toEqual([3, 1]);
});
