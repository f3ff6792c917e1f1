import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Contestant } from '../contest.ts';
import { batch, type Step } from './work.ts';

/** jax-js on WebAssembly: the whole step, Adam by hand, under jit. Channels come first there. */
export async function jax({ images, labels, parameters }: Step): Promise<Contestant> {
  const path = createRequire(new URL('../../peers/package.json', import.meta.url)).resolve('@jax-js/jax');
  const { init, defaultDevice, jit, lax, nn, numpy: np, valueAndGrad } = await import(pathToFileURL(path.replace(/\.cjs$/, '.js')).href);
  await init('wasm');
  defaultDevice('wasm');
  const make = ({ shape, data }: Step['parameters'][number]) => np.array(data, { shape });
  const kernel = make(parameters[0]!).transpose([3, 2, 0, 1]);
  let params = [kernel, ...parameters.slice(1).map(make)];
  const zeros = () => parameters.map(({ shape }, i) => np.zeros(i === 0 ? [32, 3, 3, 3] : shape));
  let [mean, square] = [zeros(), zeros()];
  const x = np.array(images, { shape: [batch, 32, 32, 3] }).transpose([0, 3, 1, 2]);
  const hot = Float32Array.from({ length: batch * 10 }, (_, i) => (labels[Math.floor(i / 10)] === i % 10 ? 1 : 0));
  const y = np.array(hot, { shape: [batch, 10] });
  // oxlint-disable-next-line typescript/no-explicit-any
  type Any = any;
  const loss = ([k, b, w1, b1, w2, b2]: Any[], input: Any, target: Any) => {
    const h = nn.relu(lax.convGeneralDilated(input, k, [1, 1], 'VALID').add(b.reshape([1, 32, 1, 1])));
    const pooled = np
      .max(h.reshape([batch, 32, 15, 2, 15, 2]), [3, 5])
      .transpose([0, 2, 3, 1])
      .reshape([batch, 7200]);
    const logits = np.matmul(nn.relu(np.matmul(pooled, w1).add(b1)), w2).add(b2);
    return np.mean(np.sum(nn.logSoftmax(logits).mul(target), -1)).mul(-1);
  };
  const step = jit((p: Any[], m: Any[], v: Any[], scale: Any, input: Any, target: Any) => {
    const [value, gradients] = valueAndGrad(loss)(
      p.map((q) => q.ref),
      input,
      target,
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
      const [value, ...next] = step(params, mean, square, scale, x.ref, y.ref);
      [params, mean, square] = next;
      return (await value.data())[0];
    },
  };
}
