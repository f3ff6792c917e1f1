import { fc, test } from '@fast-check/vitest';
import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import { beforeEach, describe, expect, it } from 'vitest';
import { arange, tensor, zeros } from './creation.ts';
import { setDefaultBackend } from './default-backend.ts';
import { FlatParameters } from './flat-parameters.ts';
import { memory } from './memory.ts';
import { tidy } from './scope.ts';
import type { Tensor } from './tensor.ts';
import { Variable } from './variable.ts';

interface Model {
  readonly kernel: Variable;
  readonly inner: readonly [Variable, Variable];
  readonly bias: Variable;
}
const model = (): Model => ({
  kernel: new Variable(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  ),
  inner: [new Variable(tensor(5)), new Variable(tensor([[6], [7]]))],
  bias: new Variable(tensor([8, 9])),
});
const all = ({ kernel, inner, bias }: Model): Variable[] => [kernel, ...inner, bias];
const values = (m: Model): Promise<unknown[]> => Promise.all(all(m).map((variable) => variable.read().array()));
const count = (length: number): Tensor => arange(length).astype('float32');
const START = [
  [
    [1, 2],
    [3, 4],
  ],
  5,
  [[6], [7]],
  [8, 9],
];
const bufferOf = (x: Tensor): unknown => x.placement!.storage.buffer;

for (const [where, backend] of [
  ['cpu', cpu()],
  ['wasm', await wasm()],
] as const) {
  describe(`flat parameters on ${where}`, () => {
    beforeEach(() => void setDefaultBackend(backend));

    it('are one vector, of which the variables are views', async () => {
      const m = model();
      const flat = new FlatParameters(m);
      expect(await values(m)).toEqual(START);
      const vectors = flat.read();
      expect(Object.keys(vectors)).toEqual(['kernel']);
      expect(await vectors['kernel']!.array()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const before = memory().liveBuffers;
      for (const variable of all(m)) expect(bufferOf(variable.read())).toBe(bufferOf(vectors['kernel']!));
      expect(memory().liveBuffers).toBe(before);
    });

    it('are assigned together, and what was read before stays', async () => {
      const m = model();
      const flat = new FlatParameters(m);
      const before = m.bias.read();
      flat.assign({ kernel: count(9) });
      expect(await values(m)).toEqual([
        [
          [0, 1],
          [2, 3],
        ],
        4,
        [[5], [6]],
        [7, 8],
      ]);
      flat.assign({ kernel: zeros([9]) });
      expect(await values(m)).toEqual([
        [
          [0, 0],
          [0, 0],
        ],
        0,
        [[0], [0]],
        [0, 0],
      ]);
      expect(await before.array()).toEqual([8, 9]);
    });

    it('take up what is assigned to one variable', async () => {
      const m = model();
      const flat = new FlatParameters(m);
      const before = flat.read()['kernel']!;
      m.inner[1].assign(
        tensor([
          [1, 2],
          [3, 4],
        ]).at(':', [1, 2]),
      );
      m.bias.assign(zeros([2]));
      expect(await values(m)).toEqual([
        [
          [1, 2],
          [3, 4],
        ],
        5,
        [[2], [4]],
        [0, 0],
      ]);
      expect(await flat.read()['kernel']!.array()).toEqual([1, 2, 3, 4, 5, 2, 4, 0, 0]);
      expect(await values(m)).toEqual([
        [
          [1, 2],
          [3, 4],
        ],
        5,
        [[2], [4]],
        [0, 0],
      ]);
      expect(await before.array()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('give all memory back in any order, and unpack to ordinary variables', async () => {
      const start = memory().liveBuffers;
      const use = (end: (m: Model, flat: FlatParameters) => void): void => {
        const m = tidy(model as () => never) as Model;
        const flat = new FlatParameters(m);
        tidy(() => flat.assign({ kernel: count(9) }));
        tidy(() => m.kernel.assign(zeros([2, 2])));
        tidy(() => void flat.read());
        end(m, flat);
        for (const variable of all(m)) variable.dispose();
        expect(memory().liveBuffers).toBe(start);
      };
      use(() => {});
      use((m) => m.bias.dispose());
      use((m, flat) => {
        flat.unpack();
        expect(new Set(all(m).map((variable) => bufferOf(variable.peek()))).size).toBe(4);
        tidy(() => m.bias.assign(zeros([2])));
      });
      const m = model();
      new FlatParameters(m).unpack();
      expect(await values(m)).toEqual(START);
    });

    it('move to those laid out last, and back when the first are used again', async () => {
      const m = model();
      const [whole, part] = [new FlatParameters(m), new FlatParameters({ bias: m.bias, kernel: m.kernel })];
      part.assign({ bias: count(6) });
      expect(await whole.read()['kernel']!.array()).toEqual([2, 3, 4, 5, 5, 6, 7, 0, 1]);
      whole.assign({ kernel: count(9) });
      expect(await part.read()['bias']!.array()).toEqual([7, 8, 0, 1, 2, 3]);
      expect(await values(m)).toEqual([
        [
          [0, 1],
          [2, 3],
        ],
        4,
        [[5], [6]],
        [7, 8],
      ]);
    });
  });
}

describe('the layout', () => {
  beforeEach(() => void setDefaultBackend(cpu()));

  it('has a vector for each group and dtype, and leaves alone what is in no group', () => {
    const m = { ...model(), half: new Variable(zeros([3], { dtype: 'float16' })) };
    const groupOf = (path: string): string | undefined => (path === 'bias' ? undefined : path.startsWith('inner') ? 'b' : 'a');
    const vectors = new FlatParameters(m, { groupOf }).read();
    const shapes = Object.fromEntries(Object.entries(vectors).map(([path, { shape, dtype }]) => [path, [shape, dtype]]));
    expect(shapes).toEqual({ kernel: [[4], 'float32'], 'inner.0': [[3], 'float32'], bias: [[2], 'float32'], half: [[3], 'float16'] });
  });

  it('starts another vector where one would be too large', async () => {
    const m = model();
    const flat = new FlatParameters(m, { maxBytes: 20 });
    expect(Object.entries(flat.read()).map(([path, { size }]) => [path, size])).toEqual([
      ['kernel', 5],
      ['inner.1', 4],
    ]);
    flat.assign({ kernel: count(5), 'inner.1': count(4) });
    expect(await values(m)).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      4,
      [[0], [1]],
      [2, 3],
    ]);
  });

  it('has a shared variable once', async () => {
    const shared = new Variable(tensor([1, 2]));
    const flat = new FlatParameters({ a: shared, b: new Variable(tensor([3])), c: shared });
    expect(await flat.read()['a']!.array()).toEqual([1, 2, 3]);
    expect(Object.keys(flat.unflatten(flat.read()))).toEqual(['a', 'b', 'c']);
  });

  it('says what does not fit', () => {
    const flat = new FlatParameters(model());
    expect(() => flat.assign({ kernel: zeros([8]) })).toThrow(
      '[assign] flat parameters keep their shape and dtype: got [8] float32 for [9] float32',
    );
    expect(() => flat.flatten({ kernel: zeros([2, 2]) })).toThrow(
      '[flatten] the tree must have a leaf for each parameter: got none for inner.0',
    );
    const elsewhere = new Variable(zeros([2], { backend: cpu() }));
    expect(() => new FlatParameters([new Variable(zeros([2])), elsewhere])).toThrow(/variables must be on one backend: got cpu and cpu/);
  });
});

const shapes = fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 1, maxLength: 6 });
test.prop([shapes, fc.integer({ min: 1, max: 100 })])('unflatten undoes flatten', async (list, maxBytes) => {
  setDefaultBackend(cpu());
  const tree = list.map((shape, i) =>
    count(shape.reduce((a, b) => a * b, 1))
      .add(i)
      .reshape(shape),
  );
  const flat = new FlatParameters(
    tree.map((x) => new Variable(x)),
    { maxBytes },
  );
  const vectors = flat.flatten(tree);
  expect(flat.isFlat(vectors)).toBe(true);
  const back = flat.unflatten(vectors);
  for (const [i, x] of tree.entries()) {
    expect(back[i]!.shape).toEqual(x.shape);
    expect(await back[i]!.array()).toEqual(await x.array());
  }
});
