import type { Backend } from '@tessera/core';
import { network } from '@tessera/examples/network.ts';
import type { Sequential } from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { setDefaultBackend, tensor } from '@tessera/tensor';
import { compile, type Trainer } from '@tessera/train';
import { about } from '../backend.ts';
import { batch, makeCnn } from '../cnn/work.ts';
import type { Contestant } from '../contest.ts';
import { CHECKED, clothes, size } from './data.ts';

const trainerOf = (model: Sequential): Trainer => compile(model, { loss: crossEntropy(), optimizer: adam() });

/** One step of `fit`: an epoch of one batch. */
export async function tesseraStep(backend: Backend): Promise<Contestant> {
  const data = (await clothes()).take(batch);
  setDefaultBackend(backend);
  const trainer = trainerOf(network([size, size, 1]));
  return {
    async step() {
      setDefaultBackend(backend);
      await trainer.fit(data, { batchSize: batch });
    },
    dispose: () => backend.dispose(),
  };
}

/** Whole epochs of `fit`, shuffled, as users train. */
export async function tessera(backend: Backend): Promise<Contestant> {
  const data = await clothes();
  const trainer = trainerOf(network([size, size, 1]));
  return {
    ...about(backend),
    async step() {
      setDefaultBackend(backend);
      await trainer.fit(data, { batchSize: batch });
    },
    async check() {
      setDefaultBackend(backend);
      const model = network([size, size, 1]);
      const { parameters } = makeCnn(size, 1);
      Object.values(model.trainableVariables()).forEach((variable, i) =>
        variable.assign(tensor(parameters[i]!.data, { shape: parameters[i]!.shape })),
      );
      const { epochs } = await trainerOf(model).fit(data.take(CHECKED * batch), { batchSize: batch, shuffle: false });
      return epochs[0]!['loss']!;
    },
    dispose: () => backend.dispose(),
  };
}
