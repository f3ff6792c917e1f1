import { type Any, loadTfjs } from '#peers';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';

type Loss = (parameters: Any[], ...data: Any[]) => Any;

/** Steps of Adam on a loss of parameters and data; each step is given data, and tells its loss. */
export function tfjsLearner(tf: Any, parameters: readonly Filled[], loss: Loss): (data: Any[]) => Promise<number> {
  const variables = parameters.map(({ shape, data }) => tf.variable(tf.tensor(data, shape)));
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  return async (data) => {
    const value = optimizer.minimize(() => loss(variables, ...data), true);
    const [told] = await value.data();
    value.dispose();
    return told;
  };
}

/** Steps on the same data. `prepare` makes it, and gives the loss as a function of the parameters and the data. */
export async function trainTfjs(
  parameters: readonly Filled[],
  prepare: (tf: Any) => { data: Any[]; loss: Loss },
  backend: 'cpu' | 'webgpu',
): Promise<Contestant> {
  const tf = await loadTfjs(backend);
  const { data, loss } = prepare(tf);
  const learn = tfjsLearner(tf, parameters, loss);
  return {
    async step() {
      await tf.setBackend(backend);
      return { loss: await learn(data) };
    },
  };
}
