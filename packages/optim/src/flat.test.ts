import { cpu } from '@tessera/backend-cpu';
import { FlatParameters, Random, setDefaultBackend, type Tensor, tidy, treeMap, Variable } from '@tessera/tensor';

import { beforeAll, describe, expect, it } from 'vitest';
import { adagrad } from './adagrad.ts';
import { adam, adamw } from './adam.ts';
import { clipByGlobalNorm, clipByNorm, clipByValue } from './clip.ts';
import { groups } from './groups.ts';
import { applyUpdates, chain, type Optimizer } from './optimizer.ts';
import { cosineDecay, warmup } from './schedules.ts';
import { sgd } from './sgd.ts';

beforeAll(() => void setDefaultBackend(cpu()));

type Values = Record<string, Tensor>;
const random = (seed: number): Values => {
  const source = new Random(seed);
  return {
    'a.kernel': source.split('a').normal([3, 4]),
    'a.bias': source.split('b').normal([4]),
    scale: source.split('c').normal([]),
  };
};
const optimizers: Readonly<Record<string, [optimizer: Optimizer, vectors: readonly string[]]>> = {
  sgd: [sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }), ['a.kernel']],
  adam: [adam({ amsgrad: true, learningRate: warmup(cosineDecay(0.1, { steps: 9 }), { steps: 2 }) }), ['a.kernel']],
  adamw: [adamw({ learningRate: 0.1 }), ['a.kernel']],
  adagrad: [adagrad({ maximize: true }), ['a.kernel']],
  'clipping by value': [chain(clipByValue(0.5), sgd()), ['a.kernel']],
  'clipping by each norm': [chain(clipByNorm(0.5), sgd()), ['a.kernel', 'a.bias', 'scale']],
  groups: [
    groups([
      { match: (path) => path.endsWith('bias'), optimizer: sgd() },
      { optimizer: chain(clipByValue(1), adam({ weightDecay: 0.1 })) },
    ]),
    ['a.bias', 'a.kernel'],
  ],
  'a group whose parameters come as they are': [
    groups([{ match: (path) => path === 'scale', optimizer: chain(clipByNorm(1), sgd()) }, { optimizer: adam() }]),
    ['a.kernel', 'scale'],
  ],
};

/** Three steps over the parameters as they are and laid end to end. */
async function both(optimizer: Optimizer): Promise<{ apart: unknown[]; together: unknown[]; vectors: string[] }> {
  const start = random(0);
  const flat = new FlatParameters(
    treeMap((x: Tensor) => new Variable(x), start),
    { groupOf: (path) => optimizer.groupOf?.(path) },
  );
  let [values, state, flatState] = [start, optimizer.init(start), optimizer.init(flat.read())];
  for (const seed of [1, 2, 3]) {
    const gradients = random(seed);
    const one = optimizer.update(gradients, state, values);
    [values, state] = [applyUpdates(values, one.updates), one.state];
    const other = optimizer.update(flat.flatten(gradients), flatState, flat.read());
    flat.assign(tidy(() => applyUpdates(flat.read(), other.updates)));
    flatState = other.state;
  }
  const arrays = (tree: Values): Promise<unknown[]> => Promise.all(Object.values(tree).map((x) => x.array()));
  return { apart: await arrays(values), together: await arrays(flat.unflatten(flat.read())), vectors: Object.keys(flat.read()).sort() };
}

describe('parameters laid end to end are updated as they are one by one', () => {
  for (const [name, [optimizer, expected]] of Object.entries(optimizers)) {
    it(`${name}, bit for bit`, async () => {
      const { apart, together, vectors } = await both(optimizer);
      expect(together).toEqual(apart);
      expect(vectors).toEqual([...expected].sort());
    });
  }

  it('clipping by the norm of all, but for the order of the sum', async () => {
    const { apart, together } = await both(chain(clipByGlobalNorm(0.5), adam({ learningRate: 0.1 })));
    const [a, b] = [apart.flat(3), together.flat(3)] as [number[], number[]];
    a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(1e-6));
  });
});
