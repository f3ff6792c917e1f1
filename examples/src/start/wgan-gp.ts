// Draws digits: a critic learns how far drawn ones are from real ones (its gradient kept near 1), a generator to bring them nearer.
import { grad, stopGradient } from '@tessera/autograd';
import { wasm } from '@tessera/backend-wasm';
import { ArrayDataset, type Column } from '@tessera/data';
import { Conv2D, Conv2DTranspose, Dense, Flatten, type Module, Reshape, Sequential } from '@tessera/layers';
import { adam } from '@tessera/optim';
import { leakyRelu, Random, relu, setDefaultBackend, sigmoid, type Tensor } from '@tessera/tensor';
import { Learner, type Objective, predict, type StepOptions, Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { digits, drawn } from './data/digits.ts';
import { isMain } from './is-main.ts';

type Images = { readonly x: Tensor };
type Networks = { readonly generator: Module; readonly critic: Module };

export function makeModels(width = 16): Networks {
  const [grow, shrink] = [{ strides: 2, padding: 'same' } as const, { strides: 2, padding: 'same', activation: leakyRelu } as const];
  const layers = [
    new Conv2DTranspose(width, 4, { ...grow, activation: relu }),
    new Conv2DTranspose(1, 4, { ...grow, activation: sigmoid }),
  ];
  return {
    generator: new Sequential([new Dense(49 * width, { activation: relu }), new Reshape([7, 7, width]), ...layers]),
    critic: new Sequential([new Conv2D(width, 5, shrink), new Conv2D(2 * width, 5, shrink), new Flatten(), new Dense(1)]),
  };
}

export function makeTrainer({ generator, critic }: Networks = makeModels(), options: StepOptions = {}): Trainer<{ x: Column }> {
  const draw = (n: number, random: Random): Tensor => generator.apply(random.split('z').normal([n, 64]));
  const judge: Objective<Images> = ({ x }, { random }) => {
    const n = x.shape[0]!;
    const fake = stopGradient(draw(n, random));
    const w = random.split('mix').uniform([n, 1, 1, 1]);
    const slope = grad((v: Tensor) => critic.apply(v).sum())(x.mul(w).add(fake.mul(w.neg().add(1))));
    const norm = slope.square().sum([1, 2, 3]).sqrt();
    const penalty = norm.sub(1).square().mean();
    const distance = critic.apply(x).mean().sub(critic.apply(fake).mean());
    return { loss: penalty.mul(10).sub(distance), logs: { distance, penalty } };
  };
  const persuade: Objective<Images> = ({ x }, { random }) => ({ loss: critic.apply(draw(x.shape[0]!, random)).mean().neg() });
  const optimizer = adam({ learningRate: 1e-3, beta1: 0 });
  const phases = [
    { name: 'critic', repeat: 5, parameters: critic, optimizer, objective: judge },
    { name: 'generator', parameters: generator, optimizer, objective: persuade },
  ];
  return new Trainer(new Learner({ ...options, models: { generator, critic }, phases }));
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  const models = makeModels();
  await makeTrainer(models).fit(new ArrayDataset({ x: digits(1000).images }), { epochs: 4, callbacks: [progress()] });
  console.log(drawn(await predict(models.generator, new Random(1).normal([4, 64]))));
}
