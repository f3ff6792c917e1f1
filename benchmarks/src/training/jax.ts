import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { type Any, loadJax } from '../peers.ts';

/**
 * Steps of Adam by hand under jit. `prepare` makes the data, and gives the loss as a function of the parameters and the data.
 * Arrays there are counted by hand: each use but the last takes `.ref`.
 */
export async function trainJax(
  parameters: readonly Filled[],
  prepare: (jax: Any) => { data: Any[]; loss: (parameters: Any[], ...data: Any[]) => Any },
): Promise<Contestant> {
  const jax = await loadJax();
  const { jit, numpy: np, valueAndGrad } = jax;
  let params = parameters.map(({ shape, data }) => np.array(data, { shape }));
  const zeros = (): Any[] => parameters.map(({ shape }) => np.zeros(shape));
  let [mean, square] = [zeros(), zeros()];
  const { data, loss } = prepare(jax);
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
  return {
    async step() {
      count++;
      const scale = np.array((1e-3 * Math.sqrt(1 - 0.999 ** count)) / (1 - 0.9 ** count));
      const [value, ...next] = step(params, mean, square, scale, ...data.map((x) => x.ref));
      [params, mean, square] = next;
      return (await value.data())[0];
    },
  };
}
