import type { Contestant } from '../contest.ts';
import { type Any, loadTfjs } from '../peers.ts';
import { batch, type Block, epsilon, heads, time, width } from './work.ts';

/** On WebAssembly, op by op. */
export async function tfjsForward({ x, parameters }: Block): Promise<Contestant> {
  const tf = await loadTfjs('wasm');
  const input = tf.tensor(x.data, [batch * time, width]);
  const [gamma1, beta1, gamma2, beta2, ...dense] = parameters.map(({ shape, data }) => tf.tensor(data, shape));
  const project = (y: Any, i: number): Any => y.matMul(dense[2 * i]).add(dense[2 * i + 1]);
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
  const block = (): Any => {
    const normal = normalize(input, gamma1, beta1);
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
    const z = input.add(project(attended, 3));
    return z.add(project(gelu(project(normalize(z, gamma2, beta2), 4)), 5));
  };
  return {
    async step() {
      await tf.setBackend('wasm');
      const y = tf.tidy(block);
      await y.data();
      y.dispose();
    },
    async check() {
      await tf.setBackend('wasm');
      const mean = tf.tidy(() => block().abs().mean());
      const [value] = await mean.data();
      mean.dispose();
      return value;
    },
  };
}
