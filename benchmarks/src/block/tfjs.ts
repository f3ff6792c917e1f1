import { type Any, loadTfjs } from '#peers';
import type { Contestant } from '../contest.ts';
import { trainTfjs } from '../training/tfjs.ts';
import { batch, type Block, epsilon, heads, time, width } from './work.ts';

/** The block on rows `[N × T, width]`, op by op. */
function blockOf(tf: Any): (x: Any, parameters: Any[]) => Any {
  const normalize = (y: Any, gamma: Any, beta: Any): Any => {
    const centred = y.sub(y.mean(-1, true));
    return centred.div(centred.square().mean(-1, true).add(epsilon).sqrt()).mul(gamma).add(beta);
  };
  const gelu = (y: Any): Any =>
    y.mul(0.5).mul(
      y
        .add(y.mul(y).mul(y).mul(0.044715))
        .mul(Math.sqrt(2 / Math.PI))
        .tanh()
        .add(1),
    );
  return (x, [gamma1, beta1, gamma2, beta2, ...dense]) => {
    const project = (y: Any, i: number): Any => y.matMul(dense[2 * i]).add(dense[2 * i + 1]);
    const normal = normalize(x, gamma1, beta1);
    const [q, k, v] = [0, 1, 2].map((i) =>
      project(normal, i)
        .reshape([batch, time, heads, width / heads])
        .transpose([0, 2, 1, 3]),
    );
    const scores = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(width / heads)));
    const attended = tf
      .matMul(scores, v)
      .transpose([0, 2, 1, 3])
      .reshape([batch * time, width]);
    const z = x.add(project(attended, 3));
    return z.add(project(gelu(project(normalize(z, gamma2, beta2), 4)), 5));
  };
}

export function tfjsStep({ x, target, parameters }: Block, backend: 'cpu' | 'webgpu'): Promise<Contestant> {
  return trainTfjs(
    parameters,
    (tf) => {
      const block = blockOf(tf);
      return {
        data: [x, target].map(({ data }) => tf.tensor(data, [batch * time, width])),
        loss: (values, input, wanted) => block(input, values).sub(wanted).square().mean(),
      };
    },
    backend,
  );
}

/** On WebAssembly. */
export async function tfjsForward({ x, parameters }: Block): Promise<Contestant> {
  const tf = await loadTfjs('wasm');
  const block = blockOf(tf);
  const input = tf.tensor(x.data, [batch * time, width]);
  const values = parameters.map(({ shape, data }) => tf.tensor(data, shape));
  return {
    async step() {
      await tf.setBackend('wasm');
      const y = tf.tidy(() => block(input, values));
      await y.data();
      y.dispose();
    },
    async check() {
      await tf.setBackend('wasm');
      const mean = tf.tidy(() => block(input, values).abs().mean());
      const [value] = await mean.data();
      mean.dispose();
      return value;
    },
  };
}
