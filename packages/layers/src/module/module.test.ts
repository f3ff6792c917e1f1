import { cpu } from '@tessera/backend-cpu';
import { StateError } from '@tessera/core';
import { Random, relu, setDefaultBackend, softmax, tensor, type Tensor, type Variable, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Add,
  type AnyModule,
  BatchNormalization,
  Concatenate,
  Conv2D,
  Dense,
  Dropout,
  external,
  Flatten,
  initializers,
  input,
  l2,
  loadModel,
  MaxPooling2D,
  Model,
  Module,
  penalty,
  saveModel,
  Sequential,
  spec,
  submodel,
  summary,
} from '../index.ts';
import * as layers from '../index.ts';

beforeAll(() => setDefaultBackend(cpu()));

const image = (n = 2): Tensor =>
  tensor(
    Float32Array.from({ length: n * 48 }, (_, i) => Math.sin(i)),
    { shape: [n, 6, 8, 1] },
  );
const network = (): Sequential =>
  new Sequential([
    new Conv2D(3, 3, { activation: relu, padding: 'same' }),
    new BatchNormalization(),
    new MaxPooling2D(2),
    new Flatten(),
    new Dropout(0.5),
    new Dense(4, { activation: softmax }),
  ]);

describe('models', () => {
  it("have stable dotted paths and Keras' defaults", () => {
    const model = network().build([6, 8, 1]);
    expect(Object.keys(model.variables())).toEqual([
      'conv2d.kernel',
      'conv2d.bias',
      'batch_normalization.gamma',
      'batch_normalization.beta',
      'batch_normalization.movingMean',
      'batch_normalization.movingVariance',
      'dense.kernel',
      'dense.bias',
    ]);
    expect(Object.keys(model.trainableVariables())).not.toContain('batch_normalization.movingMean');
  });

  it('start alike from the same seed, and otherwise from another', async () => {
    const kernel = async (seed: number): Promise<unknown> => new Dense(3).build([4], { seed }).kernel.peek().array();
    expect(await kernel(1)).toEqual(await kernel(1));
    expect(await kernel(1)).not.toEqual(await kernel(2));
  });

  it('print a summary', () => {
    expect(summary(network().build([6, 8, 1]))).toMatchInlineSnapshot(`
      "Layer (type)                              Output shape  Parameters
      ──────────────────────────────────────────────────────────────────
      conv2d (Conv2D)                           [N, 6, 8, 3]          30
      batch_normalization (BatchNormalization)  [N, 6, 8, 3]          12
      max_pooling2d (MaxPooling2D)              [N, 3, 4, 3]           0
      flatten (Flatten)                         [N, 36]                0
      dropout (Dropout)                         [N, 36]                0
      dense (Dense)                             [N, 4]               148
      ──────────────────────────────────────────────────────────────────
      Parameters: 190 (trainable 184, other 6)"
    `);
  });

  const residual = (): Model<readonly Tensor[], readonly Tensor[]> => {
    const [a, b] = [input([4]), input([3])];
    const shared = new Dense(4, { activation: relu });
    const left = new Add().apply([shared.apply(a), a]);
    return new Model({
      inputs: [a, b],
      outputs: [new Dense(2).apply(new Concatenate().apply([left, new Dense(4).apply(b)])), shared.apply(left)],
    });
  };
  const models: Record<string, [() => AnyModule, (model: AnyModule) => Tensor]> = {
    sequence: [() => network().build([6, 8, 1]), (model) => (model as Sequential).apply(image())],
    graph: [residual, (model) => (model as ReturnType<typeof residual>).apply([tensor([[1, 2, 3, 4]]), tensor([[1, -1, 0]])])[0]!],
  };
  for (const [name, [make, run]] of Object.entries(models)) {
    it(`compute the same after saving and loading: ${name}`, async () => {
      const model = make();
      const again = loadModel(await saveModel(model), { layers });
      expect(await run(again).data()).toEqual(await run(model).data());
    });
  }

  it('say what a file lacks', async () => {
    const bytes = await saveModel(network().build([6, 8, 1]));
    expect(() => loadModel(bytes.slice(0, 100), { layers })).toThrow(/damaged/);
    const text = new TextDecoder('latin1').decode(bytes).replace('MaxPooling2D', 'MinPooling2D');
    expect(() =>
      loadModel(
        Uint8Array.from(text, (c) => c.charCodeAt(0)),
        { layers },
      ),
    ).toThrow(/names the layer MinPooling2D, which is not among .* Pass its class in \{ layers \}/);
    await expect(saveModel(network())).rejects.toThrow(StateError);
  });

  it('add up penalties', async () => {
    const layer = new Dense(1, { kernelInitializer: initializers.constant(2), kernelRegularizer: l2(0.5), useBias: false }).build([3]);
    expect(await penalty(layer)!.item()).toBe(6);
  });
});

describe('a wrong shape is refused where it comes in', () => {
  const cases: [name: string, f: () => unknown, message: RegExp][] = [
    [
      'Dense',
      () => new Dense(3).build([4]).apply(zeros([2, 5])),
      /\[matmul\] inner dimensions must be equal: got \[2, 5\] and \[4, 3\] \(at Dense\)/,
    ],
    ['Conv2D rank', () => new Conv2D(3, 3).apply(zeros([2, 5])), /\[Conv2D\] input must be \[N, H, W, C\]: got \[N, 5\] \(at Conv2D\)/],
    [
      'Conv2D channels',
      () => new Conv2D(3, 3).build([8, 8, 3]).apply(zeros([1, 8, 8, 4])),
      /input channels must equal groups × kernel channels/,
    ],
    ['MaxPooling2D', () => new MaxPooling2D(2).apply(zeros([2, 5])), /\[MaxPooling2D\] input must be \[N, H, W, C\]/],
    [
      'BatchNormalization',
      () => new BatchNormalization().build([3]).apply(zeros([2, 4])),
      /\[reshape\] the number of elements must stay|shapes must be equal or 1/,
    ],
    [
      'a layer inside',
      () =>
        network()
          .build([6, 8, 1])
          .apply(zeros([2, 6, 9, 2])),
      /\(at conv2d\)/,
    ],
    ['Dense units', () => new Dense(0), /\[Dense\] units must be a whole number ≥ 1: got 0/],
    ['Conv2D filters', () => new Conv2D(2.5, 3), /\[Conv2D\] filters must be a whole number ≥ 1: got 2.5/],
    ['Conv2D kernelSize', () => new Conv2D(2, [3, 0]), /\[Conv2D\] kernelSize must be a whole number ≥ 1.*: got \[3, 0\]/],
    [
      'Conv2D groups',
      () => new Conv2D(4, 3, { groups: 2 }).build([5, 5, 3]),
      /\[Conv2D\] channels and filters must be multiples of groups/,
    ],
    ['Dropout', () => new Dropout(1.5), /rate must be from 0 to 1: got 1.5/],
    [
      'Dropout without a source',
      () => new Dropout(0.5).apply(zeros([2, 2]), { training: true }),
      /Pass \{ training: true, random: new Random\(seed\) \}/,
    ],
  ];
  for (const [name, f, message] of cases) it(name, () => expect(f).toThrow(message));
});

describe('layers when training', () => {
  it('Dropout drops a share and keeps the mean', async () => {
    const y = await new Dropout(0.25)
      .build([10_000])
      .apply(zeros([1, 10_000]).add(1), { training: true, random: new Random(1) })
      .data();
    const dropped = [...(y as Float32Array)].filter((x) => x === 0).length;
    expect(Math.abs(dropped - 2500)).toBeLessThan(250);
    expect(Math.max(...(y as Float32Array))).toBeCloseTo(4 / 3, 5);
  });

  it('orthogonal kernels are orthonormal', async () => {
    for (const shape of [
      [6, 4],
      [4, 6],
      [3, 3, 2, 5],
    ]) {
      const w = initializers
        .orthogonal()(shape, new Random(2))
        .reshape([-1, shape.at(-1)!]);
      const [m, n] = w.shape as [number, number];
      const gram = (await (m >= n ? w.T.matmul(w) : w.matmul(w.T)).array()) as number[][];
      gram.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(i === j ? 1 : 0, 4)));
    }
  });
});

describe("a model of one's own", () => {
  class Block extends Module {
    static readonly className = 'Block';
    readonly dense = new Dense(3);
    override call(x: Tensor): Tensor {
      return this.dense.apply(x);
    }
  }
  class Net extends Module {
    static readonly className = 'Net';
    private readonly first = new Block();
    readonly list = [new Block(), new Block()];
    readonly named = { a: new Block(), deep: { b: new Block() } };
    override call(x: Tensor): Tensor {
      const { a, deep } = this.named;
      return [this.first, ...this.list, a, deep.b].reduce((y, block) => block.apply(y), x);
    }
  }

  it('is what its fields hold, named by them', async () => {
    const net = new Net().build([3]);
    const kernels = Object.keys(net.variables()).filter((path) => path.endsWith('kernel'));
    expect(kernels).toEqual(['first', 'list.0', 'list.1', 'named.a', 'named.deep.b'].map((path) => `${path}.dense.kernel`));
    const values = await Promise.all(kernels.map(async (path) => String(await net.variables()[path]!.peek().array())));
    expect(new Set(values).size).toBe(5);
    expect(await new Net().apply(tensor([[1, 2, 3]])).array()).toEqual(await net.apply(tensor([[1, 2, 3]])).array());
  });

  it('says what it cannot find, unless it is external', () => {
    class Hidden extends Module {
      readonly #block = new Block();
      readonly map = new Map([['block', new Block()]]);
      readonly #teacher = external(new Block());
      which = 'private';
      override call(x: Tensor): Tensor {
        if (this.which === 'private') return this.#block.apply(x);
        return this.which === 'map' ? this.map.get('block')!.apply(x) : this.#teacher.apply(x);
      }
    }
    const hidden = new Hidden();
    expect(() => hidden.apply(zeros([1, 2]))).toThrow(/\[Hidden\] call applies Block, which is in none of its fields/);
    hidden.which = 'map';
    expect(() => hidden.apply(zeros([1, 2]))).toThrow(/in none of its fields/);
    hidden.which = 'teacher';
    expect(hidden.apply(zeros([1, 2])).shape).toEqual([1, 3]);
    expect(hidden.countParameters()).toBe(0);
  });

  it('hands down what a call is for, field by field', async () => {
    class Noisy extends Module {
      static readonly className = 'Noisy';
      readonly drop = new Dropout(0.5);
      readonly calm = new Dropout(0.5);
      override call(x: Tensor): Tensor {
        return layers.isModule(this) ? this.drop.apply(this.calm.apply(x, { training: false })) : x;
      }
    }
    const x = zeros([1, 64]).add(1);
    const y = (await new Noisy().apply(x, { training: true, random: new Random(1) }).array()) as number[][];
    expect(new Set(y[0])).toEqual(new Set([0, 2]));
    expect(await new Noisy().apply(x).array()).toEqual(await x.array());
  });

  it('never draws the same twice: by call, by path, by branch, by use of one source', async () => {
    const x = zeros([1, 32]).add(1);
    const text = async (y: Tensor): Promise<string> => String(await y.array());
    const random = new Random(7);
    const given = { training: true, random };
    const shared = new Dropout(0.5);
    const i = input([32]);
    const branches = new Model({
      inputs: i,
      outputs: [shared.apply(i), shared.apply(i), ...[0, 1].map(() => new Sequential([new Dropout(0.5)]).apply(i))],
    });
    const masks = [
      ...branches.apply(x, given),
      ...branches.apply(x, given),
      new Dropout(0.5).apply(x, given),
      new Dropout(0.5).apply(x, given),
    ];
    expect(new Set(await Promise.all(masks.map(text))).size).toBe(masks.length);
    const again = branches.apply(x, { training: true, random: new Random(7) });
    expect(await Promise.all(again.map(text))).toEqual(await Promise.all(masks.slice(0, 4).map(text)));
  });

  it('refuses a call that returns a promise', () => {
    class Late extends Module {
      override call(x: Tensor): Tensor {
        return Promise.resolve(x) as never;
      }
    }
    expect(() => new Late().apply(zeros([1]))).toThrow(/\[Late\] call must be synchronous: got a Promise/);
  });

  it('is cut at a layer', async () => {
    const net = new Net().build([3]);
    const cut = submodel<Tensor>(net, 'list.0', { name: 'backbone' });
    const x = tensor([[1, 2, 3]]);
    expect(await cut.apply(x).array()).toEqual(await net.list[0]!.apply(net.children()['first']!.apply(x as never) as Tensor).array());
    const head = new Sequential([cut, new Dense(2)]).build([3]);
    cut.trainable = false;
    expect(Object.keys(head.trainableVariables())).toEqual(['dense.kernel', 'dense.bias']);
    expect(() => submodel(net, 'list.9')).toThrow(/layer must be one of first, first.dense, list.0/);
    const again = loadModel(await saveModel(head), { layers: [layers, Net, Block] }) as Sequential;
    expect(await again.apply(x).array()).toEqual(await head.apply(x).array());
  });

  it('that is cut keeps variables of its own', async () => {
    class Shifted extends Module {
      static readonly className = 'Shifted';
      readonly inner = new Dense(3);
      readonly after = new Dense(2);
      shift!: Variable;
      protected override create(): void {
        this.shift = this.variable('shift', { shape: [2], initializer: initializers.ones() });
      }
      override call(x: Tensor): Tensor {
        return this.after.apply(this.inner.apply(x.add(this.shift.read())));
      }
    }
    class Outer extends Module {
      static readonly className = 'Outer';
      readonly stage = new Shifted();
      override call(x: Tensor): Tensor {
        return this.stage.apply(x);
      }
    }
    const outer = new Outer();
    const cut = submodel<Tensor>(outer, 'stage.inner', { name: 'backbone' });
    const head = new Sequential([cut, new Dense(1)]).build([2]);
    expect(Object.keys(cut.variables()).sort()).toEqual(['stage.inner.bias', 'stage.inner.kernel', 'stage.shift']);
    expect(await outer.stage.shift.peek().array()).toEqual([1, 1]);
    outer.stage.shift.assign(tensor([5, 7]));
    cut.trainable = false;
    expect(Object.keys(head.trainableVariables())).toEqual(['dense.kernel', 'dense.bias']);
    const x = tensor([[1, 2]]);
    const again = loadModel(await saveModel(head), { layers: [layers, Outer] }) as Sequential;
    expect(await again.apply(x).array()).toEqual(await head.apply(x).array());
    expect(Object.keys(again.trainableVariables())).toEqual(['dense.kernel', 'dense.bias']);
    outer.apply(x);
    expect(Object.keys(new Sequential([cut, outer]).variables())).toContain('outer.stage.after.kernel');
  });

  it('takes trees, in whatever order their keys come', async () => {
    const [user, item] = [input([], 'int32'), input([2])];
    const outputs = new Dense(1).apply(new Concatenate().apply([new layers.Embedding(5, 2).apply(user), item]));
    const model = new Model({ inputs: { user, item }, outputs });
    const given = { user: tensor(Int32Array.of(1)), item: tensor([[1, 2]]) };
    expect(await model.apply({ item: given.item, user: given.user }).array()).toEqual(await model.apply(given).array());
    expect(() => model.apply({ user: given.user } as never)).toThrow('[Model] inputs must be { user, item }: got { user }');
    expect(model.outputSpec().shape).toEqual([1]);
    expect(String(spec([null, 3], 'int32'))).toBe('int32 [?, 3]');
  });

  it('runs each layer of a graph a fixed number of times while it is built, however many there are', () => {
    let calls = 0;
    class Counted extends Module {
      override call(x: Tensor): Tensor {
        calls++;
        return x.add(1);
      }
    }
    const callsOf = (blocks: number): number => {
      calls = 0;
      const x = input([4]);
      let y = x;
      for (let i = 0; i < blocks; i++) y = new Add().apply([new Counted().apply(y), y]);
      new Model({ inputs: x, outputs: y });
      return calls / blocks;
    };
    expect(callsOf(60)).toBe(callsOf(3));
  });
});

describe('the seed of a model', () => {
  it('is that of build, also for a graph and for one that is built', async () => {
    const kernel = async (seed: number): Promise<unknown> => {
      const x = input([2]);
      const layer = new Dense(2);
      new Model({ inputs: x, outputs: layer.apply(x) }).build([2], { seed });
      return layer.kernel.peek().array();
    };
    expect(await kernel(1)).not.toEqual(await kernel(2));
    expect(await kernel(1)).toEqual(await kernel(1));
  });

  it('tells towers and heads of one kind apart', async () => {
    const [p, q] = [input([3]), input([3])];
    const [a, b] = [new Dense(2), new Dense(2)];
    new Model({ inputs: [p, q], outputs: new Concatenate().apply([a.apply(p), b.apply(q)]) });
    expect(await a.kernel.peek().array()).not.toEqual(await b.kernel.peek().array());
  });
});

describe('options', () => {
  it('that are misspelt name the nearest', () => {
    expect(() => new Dense(2, { activaton: relu } as never)).toThrow('[Dense] there is no option activaton. Did you mean activation?');
    expect(() => new Dense(2, { activation: 'rleu' })).toThrow(/\[Dense\] activation must be a function, or one of .*relu.*: got "rleu"/);
    expect(() => new Sequential([relu as never])).toThrow(/\[Sequential\] layers must be an array of modules/);
  });
});
