import type { Contestant } from '../contest.ts';
import { trainTfjs } from '../training/tfjs.ts';
import { batch, classes, type Lstm, time, units } from './work.ts';

/** Op by op, as its own layer does it: the input's part of all gates in one product, then step by step. */
export function tfjs({ tokens, labels, parameters }: Lstm, backend: 'cpu' | 'webgpu'): Promise<Contestant> {
  return trainTfjs(
    parameters,
    (tf) => ({
      data: [tf.tensor1d(tokens, 'int32'), tf.oneHot(tf.tensor1d(labels, 'int32'), classes)],
      loss: ([embeddings, kernel, recurrent, bias, last, lastBias], input, target) => {
        const z = tf
          .gather(embeddings, input)
          .matMul(kernel)
          .add(bias)
          .reshape([batch, time, 4 * units]);
        let h = tf.zeros([batch, units]);
        let c = tf.zeros([batch, units]);
        for (const fromInput of tf.unstack(z, 1)) {
          const [i, f, g, o] = tf.split(fromInput.add(h.matMul(recurrent)), 4, 1);
          c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
          h = o.sigmoid().mul(c.tanh());
        }
        return tf.losses.softmaxCrossEntropy(target, h.matMul(last).add(lastBias));
      },
    }),
    backend,
  );
}
