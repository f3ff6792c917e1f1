import { cpu } from '@tessera/backend-cpu';
import { FormatError, TesseraError } from '@tessera/core';
import { readSafetensors, writeSafetensors } from '@tessera/formats';
import * as ops from '@tessera/tensor';
import { memory, relu, setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import * as layers from '../index.ts';
import {
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  input,
  l2,
  loadModel,
  loadWeights,
  MaxPooling2D,
  Model,
  Module,
  saveModel,
  saveWeights,
  Sequential,
} from '../index.ts';

beforeEach(() => void setDefaultBackend(cpu()));

const sequence = (): Sequential =>
  new Sequential(
    [new Conv2D(2, 3, { activation: relu }), new BatchNormalization(), new MaxPooling2D(2), new Flatten(), new Dropout(0.5), new Dense(3)],
    { inputShape: [6, 6, 1] },
  );
const graph = (): Model => {
  const x = input([4]);
  return new Model({
    inputs: x,
    outputs: new Dense(2).apply(
      new Dense(3, { kernelRegularizer: l2(0.1) })
        .apply(x)
        .mul(tensor([1, 2, 3]))
        .square(),
    ),
  });
};

/** The file with another description of the model in it. */
async function described(model: Sequential | Model, change: (description: unknown) => unknown): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(await saveModel(model));
  return writeSafetensors(tensors, { ...Object.fromEntries(metadata), model: JSON.stringify(change(JSON.parse(metadata.get('model')!))) });
}

/** Every copy of a value in which one part is something else. */
function* mutants(value: unknown, replacements: readonly unknown[]): Generator<unknown> {
  yield* replacements;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    for (const part of mutants((value as Record<string, unknown>)[key], replacements)) {
      const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
      copy[key] = part;
      yield copy;
    }
  }
}

describe('a hostile description of a model', () => {
  for (const [name, make] of Object.entries({ sequence, graph })) {
    it(`ends in an error of ours or in a model, whatever part of a ${name} is replaced`, { timeout: 60_000 }, async () => {
      const description: unknown = JSON.parse(readSafetensors(await saveModel(make())).metadata.get('model')!);
      const replacements = [null, -1, 0, 1.5, 1e9, 2 ** 53, 'toString', [], [[]], {}, true, [1e9, 1e9]];
      let refused = 0;
      for (const mutant of mutants(description, replacements)) {
        const bytes = await described(make(), () => mutant);
        const began = performance.now();
        try {
          loadModel(bytes, { layers, ops });
        } catch (error) {
          if (!TesseraError.is(error)) throw new Error(`${JSON.stringify(mutant)} gives ${String(error)}`, { cause: error });
          refused++;
        }
        expect(performance.now() - began, JSON.stringify(mutant)).toBeLessThan(2000);
      }
      expect(refused).toBeGreaterThan(100);
    });
  }

  it('takes no memory for a model larger than its file', async () => {
    const bytes = await described(sequence(), (whole) => {
      const { modules } = whole as { modules: { className: string; config: { units: number } }[] };
      modules.find(({ className }) => className === 'Dense')!.config.units = 10 ** 9;
      return whole;
    });
    const before = memory().liveBytes;
    expect(() => loadModel(bytes, { layers, ops })).toThrow(/the weights must be those of the model: misshaped dense.kernel/);
    expect(memory().peakBytes - before).toBeLessThan(100_000);
  });

  it('may be nested deeply', async () => {
    const depth = 100_000;
    const text = `${'{"className":"Sequential","config":{"name":"","layers":['.repeat(depth)}${']}}'.repeat(depth)}`;
    const bytes = writeSafetensors(new Map(), { format: 'tessera-model-1', model: text });
    expect(() => loadModel(bytes, { layers, ops })).toThrow(FormatError);
  });
});

it('weights that do not fit change nothing', async () => {
  const model = sequence();
  const before = await saveWeights(model);
  const { tensors } = readSafetensors(before);
  const other = new Map([...tensors, ['dense.bias', { ...tensors.get('dense.bias')!, shape: [3, 1] }]]);
  expect(() => loadWeights(model, writeSafetensors(other))).toThrow(/misshaped dense.bias \(\[3, 1\] float32 for \[3\] float32\)/);
  other.delete('dense.kernel');
  other.set('dense.bais', tensors.get('dense.bias')!);
  expect(() => loadWeights(model, writeSafetensors(other))).toThrow(/missing dense.kernel; unexpected dense.bais/);
  expect(Buffer.from(await saveWeights(model)).equals(Buffer.from(before))).toBe(true);
});

describe('what is saved', () => {
  const loaded = async <M extends layers.AnyModule>(model: M, more: unknown = []): Promise<M> =>
    loadModel(await saveModel(model), { layers: [layers, more], ops }) as M;

  it('keeps that a layer is shared: in a sub-model, and where it stands twice', async () => {
    const shared = new Dense(1);
    const inner = input([1]);
    const sub = new Model({ inputs: inner, outputs: shared.apply(inner) });
    const x = input([1]);
    const nested = new Model({ inputs: x, outputs: shared.apply(sub.apply(x)) });
    for (const model of [nested, new Sequential([shared, shared], { inputShape: [1] })]) {
      expect(model.countParameters()).toBe(2);
      const again = await loaded(model);
      expect(again.countParameters()).toBe(2);
      expect(Object.keys(again.variables())).toEqual(Object.keys(model.variables()));
      expect(await again.apply(tensor([[3]])).array()).toEqual(await model.apply(tensor([[3]])).array());
    }
  });

  it('of a cut graph needs nothing of what comes after the cut', async () => {
    const x = input([2]);
    const inner = new Dense(3, { name: 'inner' });
    const whole = new Model({ inputs: x, outputs: new Dense(4).apply(inner.apply(x)) });
    const cut = layers.submodel<Tensor>(whole, 'inner').build([2]);
    const again = await loaded(cut);
    expect(Object.keys(again.variables())).toEqual(['inner.kernel', 'inner.bias']);
    expect(await again.apply(tensor([[1, 2]])).array()).toEqual(await cut.apply(tensor([[1, 2]])).array());
  });

  it('keeps what is frozen, and regularizers', async () => {
    const model = sequence();
    (model.layers[0] as Conv2D).kernel.trainable = false;
    model.layers[1]!.trainable = false;
    const again = await loaded(model);
    expect(Object.keys(again.trainableVariables())).toEqual(['conv2d.bias', 'dense.kernel', 'dense.bias']);
    expect(again.layers[1]!.trainable).toBe(false);
    const resting = new Sequential([new BatchNormalization({ center: false, scale: false, trainable: false })], { inputShape: [3] });
    expect((await loaded(resting)).layers[0]!.trainable).toBe(false);
    const weighed = new Sequential([new Dense(1, { kernelRegularizer: l2(0.5), kernelInitializer: layers.initializers.ones() })], {
      inputShape: [3],
    });
    expect(await layers.penalty(await loaded(weighed))!.item()).toBe(1.5);
  });

  it('calls ops in a graph with their arguments, for inputs of other lengths', async () => {
    const x = input([null, 4]);
    const model = new Model({ inputs: x, outputs: { mean: x.mean(1), flat: x.reshape([-1, 2]), picked: x.at(':', -1).softmax() } });
    const again = await loaded(model);
    for (const [n, t] of [
      [1, 3],
      [2, 5],
    ] as const) {
      const given = tensor(
        Float32Array.from({ length: n * t * 4 }, (_, i) => i),
        { shape: [n, t, 4] },
      );
      const [a, b] = [model.apply(given), again.apply(given)];
      expect(await a.mean.array()).toEqual(await given.mean(1).array());
      for (const name of ['mean', 'flat', 'picked'] as const) expect(await b[name].array()).toEqual(await a[name].array());
    }
  });

  class Tower extends Module {
    static readonly className = 'Tower';
    readonly blocks: readonly Dense[];
    constructor({ width = 4 }: { width?: number } = {}) {
      super();
      this.blocks = [new Dense(width), new Dense(1)];
    }
    override call(x: Tensor): Tensor {
      return this.blocks.reduce((y, block) => block.apply(y), x);
    }
  }
  it("of a class of one's own must be made again from what the file says", async () => {
    const model = new Tower().build([2]);
    expect(Object.keys((await loaded(model, Tower)).variables())).toEqual([
      'blocks.0.kernel',
      'blocks.0.bias',
      'blocks.1.kernel',
      'blocks.1.bias',
    ]);
    await expect(saveModel(new Tower({ width: 5 }).build([2]))).rejects.toThrow(
      /constructor of Tower must make the same module without arguments.* It differs at blocks.0/,
    );
    await expect(loaded(model)).rejects.toThrow(/names the layer Tower, which is not among .* Pass its class in \{ layers \}/);
    class Nameless extends Module {
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    await expect(saveModel(new Nameless().build([2]))).rejects.toThrow(/the class Nameless must have a static className/);
    await expect(saveModel(new Sequential([new Dense(1, { activation: (x) => x.mul(2) })], { inputShape: [1] }))).rejects.toThrow(
      /an activation must have a name/,
    );
  });

  it('says that a name looks mangled', async () => {
    const bytes = await described(sequence(), (whole) => ({ ...(whole as object), modules: [{ className: 'aB', config: {} }], root: 0 }));
    expect(() => loadModel(bytes, { layers })).toThrow(/looks like one that a minifier made: give the class a static className/);
  });

  it('in the first version loads: sequences and graphs with merges', async () => {
    const dense = (name: string): object => ({ className: 'Dense', config: { units: 2, activation: 'relu', useBias: true, name } });
    const sequenceOf = { className: 'Sequential', config: { layers: [dense(''), dense('')], name: '' }, inputShape: [3] };
    const nodes = [
      { shape: [3], layer: null, merge: null, inputs: [] },
      { shape: [2], layer: 'a', merge: null, inputs: [0] },
      { shape: [2], layer: 'b', merge: null, inputs: [0] },
      { shape: [2], layer: null, merge: { className: 'Add' }, inputs: [1, 2] },
      { shape: [4], layer: null, merge: { className: 'Concatenate', axis: 1 }, inputs: [3, 1] },
    ];
    const named = ['a', 'b'].map((name) => ({ name, ...dense(name) }));
    const graphOf = {
      className: 'Model',
      config: { name: '', single: true, layers: named, nodes, inputs: 1, outputs: [4] },
      inputShape: [3],
    };
    for (const [model, paths] of [
      [sequenceOf, ['dense', 'dense_1']],
      [graphOf, ['a', 'b']],
    ] as const) {
      const shapes = (path: string, i: number): [string, object][] => {
        const rows = model === sequenceOf && i === 1 ? 2 : 3;
        const zeros = (shape: number[]): object => ({ dtype: 'float32', shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 4)) });
        return [
          [`${path}.kernel`, zeros([rows, 2])],
          [`${path}.bias`, zeros([2])],
        ];
      };
      const bytes = writeSafetensors(new Map(paths.flatMap(shapes)) as never, { format: 'tessera-model-1', model: JSON.stringify(model) });
      const again = loadModel(bytes, { layers }) as Model;
      expect(again.apply(tensor([[1, 2, 3]])).shape).toEqual([1, model === graphOf ? 4 : 2]);
    }
  });
});

describe('loadWeights', () => {
  it('takes what fits under other names, and says what it left', async () => {
    const bytes = await saveWeights(sequence());
    const other = new Sequential([new Conv2D(2, 3), new Flatten(), new Dense(5)], { inputShape: [6, 6, 1] });
    const report = loadWeights(other, bytes, { strict: false, rename: (name) => (name.startsWith('batch') ? undefined : name) });
    expect(report.loaded).toEqual(['conv2d.kernel', 'conv2d.bias']);
    expect(report.misshaped).toEqual(['dense.kernel ([8, 3] float32 for [32, 5] float32)', 'dense.bias ([3] float32 for [5] float32)']);
    expect([report.missing, report.unexpected]).toEqual([[], []]);
  });
});
