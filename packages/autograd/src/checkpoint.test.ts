import { cpu } from '@tessera/backend-cpu';
import { Random, scan, setDefaultBackend, tensor, type Tensor, Variable } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpoint } from './checkpoint.ts';
import { customGradient } from './custom.ts';
import { grad } from './gradient.ts';

beforeAll(() => void setDefaultBackend(cpu()));

describe('checkpoint computes again what it computed before', () => {
  it('draws what was drawn from a source that is older, and leaves it where it was', async () => {
    const gradient = async (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Promise<unknown> => {
      const random = new Random(7);
      random.uniform([1]);
      const f = wrap((x) => x.mul(random.uniform([4])).mul(random.split('a').fork().uniform([4])));
      const first = grad((x: Tensor) => f(x).add(f(x)).sum())(tensor([1, 2, 3, 4]));
      return [await first.array(), random.draws, await random.uniform([2]).array()];
    };
    expect(await gradient(checkpoint)).toEqual(await gradient((f) => f));
  });

  it('draws what a function with its own gradient drew', async () => {
    const gradient = async (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Promise<unknown> => {
      const random = new Random(2);
      const noisy = customGradient((x: Tensor) => {
        const noise = random.uniform([3]);
        return [x.mul(noise), (dy) => [dy.mul(noise)]];
      });
      return [await grad((x: Tensor) => wrap(noisy)(x).sum())(tensor([1, 2, 3])).array(), random.draws];
    };
    expect(await gradient(checkpoint)).toEqual(await gradient((f) => f));
  });

  it('inside another one', async () => {
    const gradient = async (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Promise<unknown> => {
      const random = new Random(1);
      const inner = wrap((x) => x.mul(random.uniform([3])));
      return (await grad((x: Tensor) => wrap((y) => inner(y).mul(inner(y)))(x).sum())(tensor([1, 2, 3]))).array();
    };
    expect(await gradient(checkpoint)).toEqual(await gradient((f) => f));
  });

  it('assigns once, and reads what was read', async () => {
    const count = new Variable(tensor(2), { trainable: false });
    const f = checkpoint((x: Tensor) => {
      const before = count.read();
      count.assign(before.add(1));
      return x.mul(before).mul(count.read());
    });
    expect(await grad((x: Tensor) => f(x).sum())(tensor([1, 1])).array()).toEqual([6, 6]);
    expect(await count.read().item()).toBe(3);
  });
});

describe('scan', () => {
  it('gives gradients to variables that its body reads, also in another one and in a checkpoint', async () => {
    const w = new Variable(tensor(3));
    const once = (x: Tensor): Tensor => scan((c: Tensor, each: Tensor) => [c, each.mul(w.read())] as const, tensor(0), x)[1];
    const twice = (x: Tensor): Tensor => scan((c: Tensor, each: Tensor) => [c, once(each)] as const, tensor(0), x)[1];
    for (const [f, x] of [
      [once, tensor([1, 2, 4])],
      [twice, tensor([[1, 2, 4]])],
      [checkpoint(once), tensor([1, 2, 4])],
    ] as const) {
      expect(await (grad(() => f(x).sum())(w) as Tensor).item()).toBe(7);
    }
  });

  it('in a checkpoint draws again what it drew', async () => {
    const gradient = async (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Promise<unknown> => {
      const random = new Random(5);
      const noisy = (x: Tensor): Tensor => scan((c: Tensor, each: Tensor) => [c, random.uniform([]).mul(each)] as const, tensor(0), x)[1];
      const slopes = grad((x: Tensor) => wrap(noisy)(x).sum())(tensor([1, 1, 1]));
      return [await slopes.array(), random.draws];
    };
    expect(await gradient(checkpoint)).toEqual(await gradient((f) => f));
  });

  it('refuses to assign variables in its body', async () => {
    const count = new Variable(tensor(2), { name: 'count' });
    const f = (x: Tensor): Tensor =>
      scan((c: Tensor, each: Tensor) => (count.assign(count.read().add(each)), [c, each] as const), tensor(0), x)[1];
    const message = '[scan] the body of a loop cannot assign variables: got count. Make its value part of the carry.';
    for (const run of [f, checkpoint(f)]) expect(() => run(tensor([1, 1]))).toThrow(message);
    expect(await count.read().item()).toBe(2);
  });

  it('draws other numbers in each iteration, and again the same for the gradient', async () => {
    const random = new Random(5);
    const noisy = (x: Tensor): Tensor =>
      scan(
        (sum: Tensor, each: Tensor) => {
          const drawn = random.split('noise').uniform([]).mul(each);
          return [sum.add(drawn), drawn] as const;
        },
        tensor(0),
        x,
      )[1];
    const drawn = (await noisy(tensor([1, 1, 1])).array()) as number[];
    expect(new Set(drawn).size).toBe(3);
    const slopes = await grad((x: Tensor) => noisy(x).sum())(tensor([1, 1, 1])).array();
    expect(slopes).toEqual(drawn);
  });

  it('in another one, and for each iteration of it', async () => {
    const random = new Random(5);
    const [, drawn] = scan(
      (c: Tensor) => [c, scan((d: Tensor) => [d, random.split('x').uniform([])] as const, c, undefined, { length: 2 })[1]] as const,
      tensor(0),
      undefined,
      { length: 2 },
    );
    expect(new Set(((await drawn.array()) as number[][]).flat()).size).toBe(4);
  });
});
