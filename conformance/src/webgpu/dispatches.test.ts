import { grad } from '@tessera/autograd';
import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { capture } from '@tessera/capture';
import * as composites from '@tessera/core/composites';
import * as t from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

type T = t.Tensor;

const key = (): T => t.tensor(Int32Array.of(1, 2));

const cases: Readonly<
  Record<string, { shapes: readonly (readonly number[])[]; run: (...inputs: T[]) => T; most: number; constant?: number }>
> = {
  softmax: { shapes: [[64, 300]], run: (x) => t.softmax(x!), most: 2 },
  'softmax cross-entropy': {
    shapes: [
      [64, 300],
      [64, 300],
    ],
    run: (z, y) => t.run(composites.softmaxCrossEntropy, [z!, y!], {})[0]!,
    most: 2,
    constant: 1,
  },
  'layer normalisation': {
    shapes: [[128, 300], [300], [300]],
    run: (x, gamma, beta) => t.layerNormalization(x!, { gamma: gamma!, beta: beta! }),
    most: 4,
  },
  'batch normalisation': {
    shapes: [[32, 14, 14, 16], [16], [16]],
    run: (x, gamma, beta) => t.batchNormalization(x!, { gamma: gamma!, beta: beta! }).y,
    most: 6,
  },
  'group normalisation': {
    shapes: [[8, 14, 14, 16], [16], [16]],
    run: (x, gamma, beta) => t.groupNormalization(x!, 4, { gamma: gamma!, beta: beta! }),
    most: 4,
  },
  LSTM: {
    shapes: [
      [4, 30, 64],
      [16, 64],
      [4, 16],
      [4, 16],
    ],
    run: (z, w, h, c) => t.lstm(z!, w!, h!, c!).h.at(':', -1),
    most: 12,
  },
  GRU: {
    shapes: [[4, 30, 48], [16, 48], [48], [4, 16]],
    run: (z, w, b, h) => t.gru(z!, w!, b!, h!).at(':', -1),
    most: 12,
  },
  'a bias': {
    shapes: [[100, 64], [64]],
    run: (x, bias) => x!.add(bias!),
    most: 2,
    constant: 0,
  },
  'an embedding': {
    shapes: [[50, 8]],
    run: (x) => t.take(x!, t.tensor(Int32Array.from({ length: 200 }, (_, i) => (i * i) % 50))),
    most: 5,
  },
  'dropout with the sum of squares': {
    shapes: [[50_000]],
    run: (x) => t.run(composites.sumSquare, [t.run(composites.dropout, [x!, key(), key()], { rate: 0.5 })[0]!], {})[0]!,
    most: 7,
  },
};

describe.skipIf(!process.env['TESSERA_WEBGPU'])('dispatches on WebGPU of an op and its gradients', () => {
  let backend: WebGpuBackend;
  beforeAll(async () => {
    backend = await webgpu();
    t.setDefaultBackend(backend);
  });

  for (const [name, { shapes, run, most, constant }] of Object.entries(cases)) {
    it(`${name}: at most ${most}`, () => {
      const random = new t.Random(3);
      const inputs = shapes.map((shape, i) => random.split(i).normal(shape));
      const weights = random.normal(run(...inputs).shape);
      const argnums = inputs.map((_, i) => i).filter((i) => i !== constant);
      const step = capture((given: readonly T[], weight: T) =>
        t.tidy(() => [
          run(...given),
          ...(grad(
            (...own: T[]) =>
              run(...own)
                .mul(weight)
                .sum(),
            { argnums },
          )(...given) as unknown as T[]),
        ]),
      );
      step(inputs, weights);
      const prepared = backend.prepare(step.plans[0]!);
      expect(prepared.facts.dispatches).toBeLessThanOrEqual(most);
      prepared.dispose();
    });
  }
});
