// The digits with the loop written by hand: one captured step, forward, backward and update.
import { valueAndGrad } from '@tessera/autograd';
import { wasm } from '@tessera/backend-wasm';
import { capture } from '@tessera/capture';
import { DataLoader } from '@tessera/data';
import { crossEntropy } from '@tessera/losses';
import { adam, applyUpdates } from '@tessera/optim';
import { FlatParameters, setDefaultBackend, tensor, type Tensor, tidy, VariableTree } from '@tessera/tensor';
import { splitDigits } from './digits/data.ts';
import { network } from './network.ts';

setDefaultBackend(await wasm());
const { train, test } = splitDigits();
const model = network([28, 28, 1]);
const loss = crossEntropy();
const optimizer = adam();
const parameters = model.trainableVariables();
const flat = new FlatParameters(parameters);
const state = new VariableTree('optimizer', () => optimizer.init(flat.read()));

const step = capture((x: Tensor, y: Tensor) => {
  const [value, gradients] = valueAndGrad(() => loss(model.apply(x), y))(parameters);
  const { updates, state: next } = optimizer.update(flat.flatten(gradients), state.read(), flat.read());
  flat.assign(applyUpdates(flat.read(), updates));
  state.assign(next);
  return value;
});
const predict = capture((x: Tensor) => model.apply(x).argmax(1));

const epochs = Number(process.env['EPOCHS'] ?? 3);
const loader = new DataLoader(train, { batchSize: 32, shuffle: true });
for (let epoch = 0; epoch < epochs; epoch++) {
  const losses: number[] = [];
  for await (const {
    columns: { x, y },
  } of loader.epoch(epoch)) {
    const value = tidy(() => step(tensor(x.data, { shape: x.shape }), tensor(y.data, { shape: y.shape })));
    losses.push(await value.item());
    value.dispose();
  }
  console.log(`Epoch ${epoch + 1}/${epochs}  loss ${(losses.reduce((a, b) => a + b) / losses.length).toFixed(4)}`);
}
const { x, y } = test.columns;
const classes = (await predict(tensor(x.data, { shape: x.shape })).array()) as number[];
console.log(`Test accuracy ${(classes.filter((digit, i) => digit === y.data[i]).length / test.length).toFixed(4)}`);
