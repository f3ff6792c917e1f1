import { valueAndGrad } from '@tessera/autograd';
import type { Backend } from '@tessera/core';
import { capture } from '@tessera/capture';
import { adam, applyUpdates } from '@tessera/optim';
import { FlatParameters, setDefaultBackend, tensor, type Tensor, Variable, VariableTree } from '@tessera/tensor';
import { about } from '../backend.ts';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';

/** Captured steps of Adam on parameters; `prepare` makes the data, and gives the loss as a function of the parameters. */
export function trainTessera(backend: Backend, parameters: readonly Filled[], prepare: () => (values: Tensor[]) => Tensor): Contestant {
  setDefaultBackend(backend);
  const variables = parameters.map(({ shape, data }) => new Variable(tensor(data, { shape })));
  const flat = new FlatParameters(variables);
  const optimizer = adam();
  const state = new VariableTree('optimizer', () => optimizer.init(flat.read()));
  const loss = prepare();
  const step = capture(() => {
    const [value, gradients] = valueAndGrad((given: Tensor[]) => loss(given))(variables);
    const { updates, state: next } = optimizer.update(flat.flatten(gradients), state.read(), flat.read());
    flat.assign(applyUpdates(flat.read(), updates));
    state.assign(next);
    return value;
  });
  return {
    ...about(backend),
    async step() {
      setDefaultBackend(backend);
      const value = step();
      const loss = await value.item();
      value.dispose();
      return { loss };
    },
    dispose: () => backend.dispose(),
  };
}
