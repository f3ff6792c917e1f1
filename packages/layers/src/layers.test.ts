import { cpu } from '@tessera/backend-cpu';
import { StateError } from '@tessera/core';
import { Random, relu, setDefaultBackend, softmax, tensor, type Tensor, zeros } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addLayers,
  BatchNormalization,
  concatenateLayers,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  initializers,
  input,
  l2,
  loadModel,
  MaxPooling2D,
  Model,
  type Module,
  penalty,
  saveModel,
  Sequential,
  summary,
} from './index.ts';

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

  const residual = (): Model => {
    const [a, b] = [input([4]), input([3])];
    const shared = new Dense(4, { activation: relu });
    const left = addLayers(shared.apply(a), a);
    return new Model({
      inputs: [a, b],
      outputs: [new Dense(2).apply(concatenateLayers([left, new Dense(4).apply(b)])), shared.apply(left)],
    });
  };
  const models: Record<string, [() => Module, (model: Module) => Tensor]> = {
    sequence: [() => network().build([6, 8, 1]), (model) => model.apply(image())],
    graph: [residual, (model) => (model as Model).run([tensor([[1, 2, 3, 4]]), tensor([[1, -1, 0]])])[0]!],
  };
  for (const [name, [make, run]] of Object.entries(models)) {
    it(`compute the same after saving and loading: ${name}`, async () => {
      const model = make();
      const again = loadModel(await saveModel(model));
      expect(await run(again).data()).toEqual(await run(model).data());
    });
  }

  it('say what a file lacks', async () => {
    const bytes = await saveModel(network().build([6, 8, 1]));
    expect(() => loadModel(bytes.slice(0, 100))).toThrow(/damaged/);
    const text = new TextDecoder('latin1').decode(bytes).replace('MaxPooling2D', 'MinPooling2D');
    expect(() => loadModel(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow(
      /names the layer MinPooling2D, which is not among .* Pass its class in \{ layers \}/,
    );
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
    ['Conv2D kernelSize', () => new Conv2D(2, [3, 0]), /\[Conv2D\] kernelSize must be whole numbers ≥ 1: got 3, 0/],
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
