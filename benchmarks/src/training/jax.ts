import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { type Any, loadJax } from '#peers';

type Loss = (parameters: Any[], ...data: Any[]) => Any;

/**
 * Steps of Adam by hand under jit on a loss of parameters and data; each step is given data, and tells its loss.
 * Arrays there are counted by hand: each use but the last takes `.ref`.
 */
export function jaxLearner(jax: Any, parameters: readonly Filled[], loss: Loss): (data: Any[]) => Promise<number> {
  const { jit, numpy: np, valueAndGrad } = jax;
  let params = parameters.map(({ shape, data }) => np.array(data, { shape }));
  const zeros = (): Any[] => parameters.map(({ shape }) => np.zeros(shape));
  let [mean, square] = [zeros(), zeros()];
  const step = jit((p: Any[], m: Any[], v: Any[], scale: Any, ...given: Any[]) => {
    const [value, gradients] = valueAndGrad(loss)(
      p.map((q) => q.ref),
      ...given,
    );
    const nextM = m.map((a, i) => a.mul(0.9).add(gradients[i].ref.mul(0.1)));
    const nextV = v.map((a, i) => a.mul(0.999).add(np.square(gradients[i]).mul(0.001)));
    const nextP = p.map((q, i) => q.sub(nextM[i].ref.mul(scale.ref).div(np.sqrt(nextV[i].ref).add(1e-8))));
    scale.dispose();
    return [value, nextP, nextM, nextV];
  });
  let count = 0;
  return async (data) => {
    count++;
    const scale = np.array((1e-3 * Math.sqrt(1 - 0.999 ** count)) / (1 - 0.9 ** count));
    const [value, ...next] = step(params, mean, square, scale, ...data);
    [params, mean, square] = next;
    return (await value.data())[0];
  };
}

/** Steps on the same data. `prepare` makes it, and gives the loss as a function of the parameters and the data. */
export async function trainJax(
  parameters: readonly Filled[],
  prepare: (jax: Any) => { data: Any[]; loss: Loss },
  backend: 'wasm' | 'webgpu' = 'wasm',
): Promise<Contestant> {
  const jax = await loadJax(backend);
  const { data, loss } = prepare(jax);
  const learn = jaxLearner(jax, parameters, loss);
  return {
    async step() {
      return { loss: await learn(data.map((x) => x.ref)) };
    },
  };
}
