import { cpu } from '@tessera/backend-cpu';
import { wasm } from '@tessera/backend-wasm';
import * as optim from '@tessera/optim';
import { checkOptimizer, type OptimizerLike } from '@tessera/testkit';
import { describe, it } from 'vitest';

const optimizers: Readonly<Record<string, optim.Optimizer>> = {
  sgd: optim.sgd({ learningRate: 0.1 }) as optim.Optimizer,
  'sgd with momentum': optim.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }) as optim.Optimizer,
  adam: optim.adam({ learningRate: 0.02 }) as optim.Optimizer,
  'adam with amsgrad and a schedule': optim.adam({
    learningRate: optim.warmup(optim.cosineDecay(0.05, { steps: 60 }), { steps: 5 }),
    amsgrad: true,
  }) as optim.Optimizer,
  adamw: optim.adamw({ learningRate: 0.02 }) as optim.Optimizer,
  adagrad: optim.adagrad({ learningRate: 0.2 }) as optim.Optimizer,
  'clipping before sgd': optim.chain(
    optim.clipByGlobalNorm(1) as optim.Optimizer,
    optim.sgd({ learningRate: 0.1 }) as optim.Optimizer,
  ) as optim.Optimizer,
  groups: optim.groups([
    { match: (path) => path === 'w', optimizer: optim.sgd({ learningRate: 0.1 }) as optim.Optimizer },
    { optimizer: optim.adam({ learningRate: 0.05 }) as optim.Optimizer },
  ]) as optim.Optimizer,
};

for (const backend of [cpu(), await wasm()]) {
  describe(`optimizers on ${backend.name}`, () => {
    for (const [name, optimizer] of Object.entries(optimizers)) {
      it(name, () => checkOptimizer(optimizer as OptimizerLike, { name }, backend));
    }
  });
}
