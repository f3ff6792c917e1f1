// Learns to read digits from 200 examples, on the encoder of a U-Net that has learned to fill in erased parts of 1,000, without labels.
import { wasm } from '@tessera/backend-wasm';
import { ArrayDataset } from '@tessera/data';
import { Dense, Flatten, Module, Sequential, submodel } from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { accuracy } from '@tessera/metrics';
import { adam, groups } from '@tessera/optim';
import { setDefaultBackend, type Tensor } from '@tessera/tensor';
import { compile, type StepOptions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { digits, erased } from './data/digits.ts';
import { isMain } from './is-main.ts';
import { makeTrainer as makeFiller, UNet } from './u-net.ts';

type Classifier = Trainer<SupervisedColumns<Tensor, Tensor>>;

/** The encoder of a U-Net, frozen, and a new head. */
export function makeModel(net: UNet = new UNet(), layer = 'down.3'): Sequential {
  const backbone = submodel<Tensor>(net, layer, { name: 'backbone' });
  backbone.trainable = false;
  return new Sequential([backbone, new Flatten(), new Dense(10)]);
}

export function makeTrainer(model: Module = makeModel(), options: StepOptions = {}): Classifier {
  const loss = crossEntropy({ fromLogits: true });
  return compile(model, { loss, optimizer: adam({ learningRate: 2e-3 }), metrics: [accuracy()], ...options });
}

/** Sets the encoder free, to learn more slowly than the head. */
export function unfreeze(trainer: Classifier): void {
  trainer.model.trainable = true;
  const slow = { match: (path: string) => path.startsWith('backbone.'), optimizer: adam({ learningRate: 1e-4 }) };
  trainer.optimizer = groups([slow, { optimizer: adam() }]);
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  const [net, callbacks, { images }] = [new UNet(), [progress()], digits(1000, 32)];
  await makeFiller(net).fit(new ArrayDataset({ x: erased(images), y: images }), { epochs: 2, batchSize: 8, callbacks });
  const [train, test] = [digits(200, 32), digits(1000, 32, 2000)].map(({ images, labels }) => new ArrayDataset({ x: images, y: labels }));
  const options = { epochs: 5, batchSize: 8, validationData: test, callbacks };
  const trainer = makeTrainer(makeModel(net));
  await trainer.fit(train!, options);
  unfreeze(trainer);
  await trainer.fit(train!, options);
}
