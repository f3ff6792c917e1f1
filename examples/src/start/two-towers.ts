// Recommends films: the rating that a user gives a film is the product of two vectors, one from a tower of users, one from a tower of films.
import { wasm } from '@tessera/backend-wasm';
import { split } from '@tessera/data';
import { Dense, Embedding, Module, type Options, rows, Sequential } from '@tessera/layers';
import { meanSquaredError } from '@tessera/losses';
import { meanAbsoluteError } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { relu, setDefaultBackend, type Tensor } from '@tessera/tensor';
import { compile, type StepOptions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { ratings } from './data/ratings.ts';
import { isMain } from './is-main.ts';

type Pair = { readonly user: Tensor; readonly item: Tensor };

export class TwoTowers extends Module<Pair> {
  static readonly className = 'TwoTowers';
  static readonly options: Options<{ users: number; items: number }> = { users: rows.count(), items: rows.count() };
  private readonly user: Sequential;
  private readonly item: Sequential;
  constructor({ users = 610, items = 9742 }: { users?: number; items?: number } = {}) {
    super({ users, items });
    this.user = new Sequential([new Embedding(users, 32), new Dense(32, { activation: relu })]);
    this.item = new Sequential([new Embedding(items, 32), new Dense(32, { activation: relu })]);
  }
  override call({ user, item }: Pair): Tensor {
    return this.user.apply(user).mul(this.item.apply(item)).sum({ axis: -1 });
  }
}

export function makeTrainer(model: TwoTowers = new TwoTowers(), options: StepOptions = {}): Trainer<SupervisedColumns<Pair, Tensor>> {
  return compile(model, { loss: meanSquaredError(), optimizer: adam(), metrics: [meanAbsoluteError()], ...options });
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  const [train, test] = split(ratings(), [0.9, 0.1]);
  await makeTrainer().fit(train!, { epochs: 4, batchSize: 256, validationData: test, callbacks: [progress()] });
}
