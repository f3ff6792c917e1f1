// Reads digits and weighs their ink at once: one trunk, two heads, a loss and metrics for each.
import { wasm } from '@tessera/backend-wasm';
import { split } from '@tessera/data';
import { Conv2D, Dense, Dropout, Flatten, input, MaxPooling2D, Model, Sequential } from '@tessera/layers';
import { crossEntropy, meanSquaredError } from '@tessera/losses';
import { accuracy, meanAbsoluteError } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { relu, setDefaultBackend, type Tensor } from '@tessera/tensor';
import { compile, type StepOptions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { digitsWithInk } from './data/digits.ts';
import { isMain } from './is-main.ts';

type Answers = { readonly digit: Tensor; readonly ink: Tensor };

export function makeModel(filters = 16): Model<Tensor, Answers> {
  const x = input([28, 28, 1]);
  const trunk = [
    new Conv2D(filters, 3, { activation: relu }),
    new MaxPooling2D(2),
    new Flatten(),
    new Dense(4 * filters, { activation: relu }),
    new Dropout(0.2),
  ];
  const features = new Sequential(trunk, { name: 'trunk' }).apply(x);
  const [digit, ink] = [new Dense(10, { name: 'digit' }).apply(features), new Dense(1, { name: 'ink' }).apply(features)];
  return new Model({ inputs: x, outputs: { digit, ink } });
}

export function makeTrainer(
  model: Model<Tensor, Answers> = makeModel(),
  options: StepOptions = {},
): Trainer<SupervisedColumns<Tensor, Answers>> {
  return compile(model, {
    loss: { digit: crossEntropy({ fromLogits: true }), ink: meanSquaredError() },
    lossWeights: { ink: 10 },
    metrics: { digit: [accuracy()], ink: [meanAbsoluteError()] },
    optimizer: adam(),
    ...options,
  });
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  const [train, test] = split(digitsWithInk(4000), [0.8, 0.2]);
  await makeTrainer().fit(train!, { epochs: 4, validationData: test, callbacks: [progress()] });
}
