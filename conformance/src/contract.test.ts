import { cpu } from '@tessera/backend-cpu';
import { capture } from '@tessera/capture';
import { column } from '@tessera/data';
import * as layers from '@tessera/layers';
import { type AnyModule, type CallContext, Dense, Dropout, input, l2, Module, penalty, Sequential, spec } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { sgd } from '@tessera/optim';
import * as ops from '@tessera/tensor';
import { dropout, Random, setDefaultBackend, tensor, type Tensor, Variable, withNothing, zeros } from '@tessera/tensor';
import { checkLayer, type InputSpecs } from '@tessera/testkit';
import { compile } from '@tessera/train';
import { beforeEach, describe, expect, it } from 'vitest';

const backend = cpu();
beforeEach(() => void setDefaultBackend(backend));

const reload =
  (...own: unknown[]) =>
  async (layer: AnyModule): Promise<AnyModule> =>
    layers.loadModel(await layers.saveModel(layer), { layers: [layers, own], ops });

describe('checkLayer finds the fault that was planted in a module', () => {
  /** A good one, to be sure that it is the fault that is found. */
  class Block extends Module {
    static readonly className: string = '@test/Block';
    readonly dense = new Dense(2);
    readonly drop = new Dropout(0.5);
    override call(x: Tensor, _context: CallContext): Tensor {
      return this.drop.apply(this.dense.apply(x));
    }
  }
  const outside = (): Dense => new Dense(2);
  const faults: Readonly<Record<string, [make: () => AnyModule, message: RegExp | undefined, input?: InputSpecs]>> = {
    none: [() => new Block(), undefined],
    'a child in a private field': [
      () => {
        class Hidden extends Module {
          static readonly className = '@test/Hidden';
          readonly #dense = new Dense(2);
          override call(x: Tensor): Tensor {
            return this.#dense.apply(x);
          }
        }
        return new Hidden();
      },
      /call applies Dense, which is in none of its fields, so it would be neither trained nor saved/,
    ],
    'a child in a Map': [
      () => {
        class Mapped extends Module {
          static readonly className = '@test/Mapped';
          readonly parts = new Map([['dense', new Dense(2)]]);
          override call(x: Tensor): Tensor {
            return this.parts.get('dense')!.apply(x);
          }
        }
        return new Mapped();
      },
      /call applies Dense, which is in none of its fields/,
    ],
    'a child that it closes over': [
      () => {
        const dense = outside();
        class Closed extends Module {
          static readonly className = '@test/Closed';
          override call(x: Tensor): Tensor {
            return dense.apply(x);
          }
        }
        return new Closed();
      },
      /call applies Dense, which is in none of its fields/,
    ],
    'a source of random numbers that it closes over': [
      () => {
        const random = new Random(1);
        class Own extends Block {
          static override readonly className = '@test/Own';
          override call(x: Tensor, { training }: CallContext): Tensor {
            const y = this.dense.apply(x);
            return training ? dropout(y, 0.5, random) : y;
          }
        }
        return new Own();
      },
      /in training, once more from the same source of random numbers\] element/,
    ],
    'a context that it does not hand down': [
      () => {
        class Deaf extends Block {
          static override readonly className = '@test/Deaf';
          override call(x: Tensor): Tensor {
            return this.drop.apply(this.dense.apply(x), { training: true, random: new Random(0) });
          }
        }
        return new Deaf();
      },
      /nothing must be drawn outside of training/,
    ],
    'statistics that are assigned past the door': [
      () => {
        class Counting extends Block {
          static override readonly className = '@test/Counting';
          count!: Variable;
          protected override create(): void {
            this.count = this.variable('count', { shape: [], initializer: layers.initializers.zeros(), trainable: false });
          }
          override call(x: Tensor, { training }: CallContext): Tensor {
            if (training) withNothing(() => this.count.replace(this.count.peek().add(1)));
            return this.dense.apply(x);
          }
        }
        return new Counting();
      },
      /in training, checkpointed, count afterwards\] element 0 of \[\] must be 1: got 2/,
    ],
    'a record taken by position': [
      () => {
        class Positional extends Module<{ a: Tensor; b: Tensor }> {
          static readonly className = '@test/Positional';
          override call(x: { a: Tensor; b: Tensor }): Tensor {
            const [a, b] = Object.values(x) as [Tensor, Tensor];
            return a.sub(b);
          }
        }
        return new Positional();
      },
      /with the keys of its input in another order\] element 0/,
      { a: [2], b: [2] },
    ],
    'a name that a minifier made': [
      () => {
        class q extends Module {
          override call(x: Tensor): Tensor {
            return x;
          }
        }
        return new q();
      },
      /\[q on cpu\] the class must have a name for files, since minifiers rename classes/,
    ],
    'the name of the class that it extends': [() => new (class extends Block {})(), /the class must have a name for files/],
    'an option that its file does not keep': [
      () => {
        class Wide extends Block {
          static override readonly className = '@test/Wide';
          constructor(rate = 0.5) {
            super();
            (this as { drop: Dropout }).drop = new Dropout(rate);
          }
        }
        return new Wide(0.25);
      },
      /the constructor of @test\/Wide must make the same module without arguments/,
    ],
  };
  for (const [name, [make, message, specs = [3]]] of Object.entries(faults)) {
    it(name, async () => {
      const check = checkLayer({ make, input: specs, reload: (layer: AnyModule) => reload(layer.constructor)(layer) }, backend);
      await (message ? expect(check).rejects.toThrow(message) : check);
    });
  }
});

describe('a name', () => {
  it('of a class is what minifiers cannot change, or it is not saved', async () => {
    const classes = {
      Short: class extends Module<Tensor, Tensor> {
        override call(x: Tensor): Tensor {
          return x;
        }
      },
    };
    await expect(layers.saveModel(new classes.Short().build([2]))).rejects.toThrow(
      "[saveModel] the class Short must have a static className, since minifiers rename classes: static readonly className = 'Short'",
    );
    const inside = new Sequential([new classes.Short()], { inputShape: [2] });
    await expect(layers.saveModel(inside)).rejects.toThrow(/the class Short must have a static className/);
  });

  it('of an option that is misspelt is not taken, and the nearest is told', () => {
    expect(() => new Dense(2, { useBais: false } as never)).toThrow('[Dense] there is no option useBais. Did you mean useBias?');
    expect(() => new layers.LSTM(2, { returnSequence: true } as never)).toThrow('Did you mean returnSequences?');
    expect(() => new Sequential([], { inputShpae: [2] } as never)).toThrow('[Sequential] there is no option inputShpae');
  });
});

it('a call that returns a promise is refused, before and while it is captured', () => {
  class Late extends Module {
    static readonly className = '@test/Late';
    override call(x: Tensor): Tensor {
      return (async () => x)() as never;
    }
  }
  const message = /\[@test\/Late\] call must be synchronous: got a Promise. Await outside of it/;
  expect(() => new Late().apply(zeros([1, 1]))).toThrow(message);
  expect(() => new Late().build([1])).toThrow(message);
  expect(() => capture((x: Tensor) => new Late().apply(x))(zeros([1, 1]))).toThrow(message);
});

describe('records', () => {
  const twoTowers = (): layers.Model<{ user: Tensor; item: Tensor }, { score: Tensor; sum: Tensor }> => {
    const [user, item] = [input([2]), input([2])];
    const joined = new layers.Subtract().apply([new Dense(3).apply(user), new Dense(3).apply(item)]);
    return new layers.Model({ inputs: { user, item }, outputs: { score: new Dense(1).apply(joined), sum: new Dense(1).apply(user) } });
  };
  const numbers = (count: number, seed: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));
  const [user, item, score, sum] = [numbers(16, 1), numbers(16, 2), numbers(8, 3), numbers(8, 4)];
  const columns = {
    user: column(user, [8, 2]),
    item: column(item, [8, 2]),
    score: column(score, [8, 1]),
    sum: column(sum, [8, 1]),
  };

  it('may have their keys in any order: in calls, in training, in predictions, and from files', async () => {
    const train = async (x: object, y: object, loss: object): Promise<unknown> => {
      const model = twoTowers();
      const trainer = compile(model, { loss: loss as never, optimizer: sgd({ learningRate: 0.1 }) });
      const { epochs } = await trainer.fit(x as never, y as never, { epochs: 2, batchSize: 4 });
      const again = (await reload()(model)) as typeof model;
      const predicted = (await compile(again, { loss: loss as never, optimizer: sgd() }).predict(x as never)) as unknown as {
        score: layers.Json;
      };
      return [epochs, predicted.score];
    };
    const mse = meanSquaredError();
    const { user: u, item: i, score: a, sum: b } = columns;
    const inOrder = await train({ user: u, item: i }, { score: a, sum: b }, { score: mse, sum: mse });
    expect(await train({ item: i, user: u }, { sum: b, score: a }, { sum: mse, score: mse })).toEqual(inOrder);
  });
});

describe('a layer that stands in two places', () => {
  const shared = (): { dense: Dense; model: Sequential } => {
    const dense = new Dense(2, { kernelRegularizer: l2(0.5), kernelInitializer: layers.initializers.constant(1) });
    return { dense, model: new Sequential([dense, new layers.Activation('tanh'), dense], { inputShape: [2] }) };
  };

  it('is counted, penalised, summarised and saved once', async () => {
    const { model } = shared();
    expect(model.countParameters()).toBe(6);
    expect(await penalty(model)!.item()).toBe(2);
    expect(Object.keys(model.variables())).toEqual(['dense.kernel', 'dense.bias']);
    expect(layers.summary(model).match(/\(Dense\)/g)).toHaveLength(1);
    const again = (await reload()(model)) as Sequential;
    expect(again.layers[0]).toBe(again.layers[2]);
    expect(again.countParameters()).toBe(6);
    const x = tensor([[1, -2]]);
    expect(await again.apply(x).array()).toEqual(await model.apply(x).array());
  });

  it('is updated once by what both places say', async () => {
    const { dense, model } = shared();
    const x = tensor([[1, -2]]);
    const y = tensor([[0.5, 0.25]]);
    const before = (await dense.kernel.peek().array()) as number[][];
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }) });
    await trainer.fit(x, y);
    const step = Number(((await dense.kernel.peek().array()) as number[][])[0]![0]) - before[0]![0]!;
    // By differences of the loss with the penalty, in which the kernel stands in both places.
    const lossAt = async (by: number): Promise<number> => {
      const other = shared();
      const moved = tensor([
        [1 + by, 1],
        [1, 1],
      ]);
      other.dense.kernel.assign(moved);
      const loss = meanSquaredError()(other.model.apply(x), y).add(penalty(other.model)!);
      return loss.item();
    };
    const slope = ((await lossAt(1e-2)) - (await lossAt(-1e-2))) / 2e-2;
    expect(step).toBeCloseTo(-0.1 * slope, 3);
  });
});

describe('a frozen BatchNormalization', () => {
  const network = (): Sequential => new Sequential([new Dense(3), new layers.BatchNormalization(), new Dense(1)], { inputShape: [2] });
  const statistics = async (model: AnyModule): Promise<unknown> =>
    Promise.all(
      Object.entries(model.variables()).flatMap(([path, variable]) => (path.includes('moving') ? [variable.peek().array()] : [])),
    );
  const examples = (): [x: Tensor, y: Tensor] => [
    tensor(Float32Array.of(1, 2, 3, -1, 0, 5, 2, 2), { shape: [4, 2] }),
    tensor(Float32Array.of(1, 0, 2, 1), { shape: [4, 1] }),
  ];

  it('rests: its statistics and parameters stay in training, in which it works with them', async () => {
    const [x, y] = examples();
    const model = network();
    const norm = model.layers[1] as layers.BatchNormalization;
    norm.movingMean.assign(tensor([1, 2, 3]));
    norm.trainable = false;
    const hidden = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await norm.apply(hidden, { training: true }).array()).toEqual(await norm.apply(hidden).array());
    const trainer = compile(model, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.01 }) });
    const before = await statistics(model);
    await trainer.fit(x, y, { epochs: 2, batchSize: 2 });
    expect(await statistics(model)).toEqual(before);
    expect(await norm.gamma!.peek().array()).toEqual([1, 1, 1]);
    // Set free it moves again, in the middle of training.
    norm.trainable = true;
    await trainer.fit(x, y, { epochs: 1, batchSize: 2 });
    expect(await statistics(model)).not.toEqual(before);
    norm.trainable = false;
    const then = await statistics(model);
    await trainer.fit(x, y, { epochs: 1, batchSize: 2 });
    expect(await statistics(model)).toEqual(then);
  });

  it('is frozen with what holds it, without parameters as well, and from a file', async () => {
    const [x] = examples();
    const bare = new layers.BatchNormalization({ center: false, scale: false });
    const frozen = new Sequential([bare, new layers.BatchNormalization()], { inputShape: [2] });
    frozen.trainable = false;
    const again = (await reload()(frozen)) as Sequential;
    for (const model of [frozen, again]) {
      const before = await statistics(model);
      model.apply(x, { training: true });
      expect(await statistics(model)).toEqual(before);
      expect(model.layers.map(({ trainable }) => trainable)).toEqual([false, false]);
    }
  });
});

it('what is not given is what the contract says: specs are foretold for lengths that are not known', () => {
  const model = new Sequential([new layers.Embedding(10, 4), new layers.LSTM(3, { returnSequences: true }), new Dense(2)]);
  expect(String(model.build(spec([null], 'int32')).outputSpec())).toBe('float32 [?, 2]');
  expect(model.apply(tensor(Int32Array.of(1, 2, 3, 4), { shape: [2, 2] })).shape).toEqual([2, 2, 2]);
});
