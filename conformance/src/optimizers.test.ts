import * as optim from '@tessera/optim';
import { checkOptimizer, type OptimizerLike } from '@tessera/testkit';
import { describe, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

const optimizers: Readonly<Record<string, optim.Optimizer>> = {
  sgd: optim.sgd({ learningRate: 0.1 }),
  'sgd with momentum': optim.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  adam: optim.adam({ learningRate: 0.02 }),
  'adam with amsgrad and a schedule': optim.adam({
    learningRate: optim.warmup(optim.cosineDecay(0.05, { steps: 60 }), { steps: 5 }),
    amsgrad: true,
  }),
  adamw: optim.adamw({ learningRate: 0.02 }),
  adagrad: optim.adagrad({ learningRate: 0.2 }),
  'clipping before sgd': optim.chain(optim.clipByGlobalNorm(1), optim.sgd({ learningRate: 0.1 })),
  groups: optim.groups([
    { match: (path) => path === 'w', optimizer: optim.sgd({ learningRate: 0.1 }) },
    { optimizer: optim.adam({ learningRate: 0.05 }) },
  ]),
};

for (const [where, backend] of await everyBackend()) {
  describe(`optimizers on ${where}`, () => {
    for (const [name, optimizer] of Object.entries(optimizers)) {
      it(name, () => checkOptimizer(optimizer as OptimizerLike, { name }, backend));
    }
  });
}
