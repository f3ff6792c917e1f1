import { valueAndGrad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { adam, applyUpdates } from '@tessera/optim';
import { tensor, type Tensor, Variable, VariableTree } from '@tessera/tensor';
import { startBackend } from '../backend.ts';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';

/** Captured steps of Adam on parameters; `prepare` makes the data, and gives the loss as a function of the parameters. */
export async function trainTessera(parameters: readonly Filled[], prepare: () => (values: Tensor[]) => Tensor): Promise<Contestant> {
  const about = await startBackend();
  const variables = parameters.map(({ shape, data }) => new Variable(tensor(data, { shape })));
  const values = (): Tensor[] => variables.map((variable) => variable.read());
  const optimizer = adam();
  const state = new VariableTree('optimizer', () => optimizer.init(values()));
  const loss = prepare();
  const step = capture(() => {
    const [value, gradients] = valueAndGrad((given: Tensor[]) => loss(given))(variables);
    const { updates, state: next } = optimizer.update(gradients as Tensor[], state.read(), values());
    (applyUpdates(values(), updates) as Tensor[]).forEach((moved, i) => variables[i]!.assign(moved));
    state.assign(next);
    return value;
  });
  return {
    ...about,
    async step() {
      const value = step();
      const result = await value.item();
      value.dispose();
      return result;
    },
  };
}
