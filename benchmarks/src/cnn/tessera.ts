import { valueAndGrad } from '@tessera/autograd';
import { wasm } from '@tessera/backend-wasm';
import { capture } from '@tessera/capture';
import { crossEntropy } from '@tessera/losses';
import { adam, applyUpdates } from '@tessera/optim';
import { conv, maxPool, setDefaultBackend, tensor, type Tensor, Variable, VariableTree } from '@tessera/tensor';
import type { Contestant } from '../contest.ts';
import { batch, type Step } from './work.ts';

export async function tessera({ images, labels, parameters }: Step): Promise<Contestant> {
  setDefaultBackend(await wasm());
  const variables = parameters.map(({ shape, data }) => new Variable(tensor(data, { shape })));
  const values = (): Tensor[] => variables.map((variable) => variable.read());
  const optimizer = adam();
  const state = new VariableTree('optimizer', () => optimizer.init(values()));
  const loss = crossEntropy({ fromLogits: true });
  const [x, y] = [tensor(images, { shape: [batch, 32, 32, 3] }), tensor(labels)];
  const step = capture((input: Tensor, target: Tensor) => {
    const [value, gradients] = valueAndGrad(([k, b, w1, b1, w2, b2]: Tensor[]) => {
      const h = maxPool(conv(input, k!).add(b!).relu(), 2).reshape([batch, 7200]);
      return loss(h.matmul(w1!).add(b1!).relu().matmul(w2!).add(b2!), target);
    })(variables);
    const { updates, state: next } = optimizer.update(gradients as Tensor[], state.read(), values());
    (applyUpdates(values(), updates) as Tensor[]).forEach((value, i) => variables[i]!.assign(value));
    state.assign(next);
    return value;
  });
  return {
    async step() {
      const value = step(x, y);
      const result = await value.item();
      value.dispose();
      return result;
    },
  };
}
