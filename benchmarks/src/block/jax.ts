import type { Contestant } from '../contest.ts';
import { type Any, loadJax } from '#peers';
import { trainJax } from '../training/jax.ts';
import { batch, type Block, epsilon, heads, time, width } from './work.ts';

function blockOf({ nn, numpy: np }: Any): (x: Any, parameters: Any[]) => Any {
  const normalize = (x: Any, gamma: Any, beta: Any): Any => nn.standardize(x, -1, { epsilon }).mul(gamma).add(beta);
  return (x, [gamma1, beta1, gamma2, beta2, ...dense]) => {
    const project = (y: Any, i: number): Any => np.matmul(y, dense[2 * i]).add(dense[2 * i + 1]);
    const rows = x.reshape([batch * time, width]);
    const normal = normalize(rows.ref, gamma1, beta1);
    const [q, k, v] = [normal.ref, normal.ref, normal].map((y, i) =>
      project(y, i)
        .reshape([batch, time, heads, width / heads])
        .transpose([0, 2, 1, 3]),
    );
    const scores = nn.softmax(np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads)), -1);
    const attended = np
      .matmul(scores, v)
      .transpose([0, 2, 1, 3])
      .reshape([batch * time, width]);
    const z = rows.add(project(attended, 3));
    return z.ref.add(project(nn.gelu(project(normalize(z, gamma2, beta2), 4)), 5)).reshape([batch, time, width]);
  };
}

export function jaxStep({ x, target, parameters }: Block, backend: 'wasm' | 'webgpu' = 'wasm'): Promise<Contestant> {
  const prepare = (jax: Any): { data: Any[]; loss: (values: Any[], input: Any, wanted: Any) => Any } => {
    const { numpy: np } = jax;
    const block = blockOf(jax);
    return {
      data: [x, target].map(({ shape, data }) => np.array(data, { shape })),
      loss: (values, input, wanted) => np.mean(np.square(block(input, values).sub(wanted))),
    };
  };
  return trainJax(parameters, prepare, backend);
}

export async function jaxForward({ x, parameters }: Block): Promise<Contestant> {
  const jax = await loadJax();
  const { jit, numpy: np } = jax;
  const [input, ...values] = [x, ...parameters].map(({ shape, data }) => np.array(data, { shape }));
  const block = blockOf(jax);
  const forward = jit((given: Any, p: Any[]) => block(given, p));
  const run = (): Any =>
    forward(
      input.ref,
      values.map((value) => value.ref),
    );
  return {
    async step() {
      await run().data();
    },
    async check() {
      return (await np.mean(np.abs(run())).data())[0];
    },
  };
}
