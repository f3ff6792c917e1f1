import type { Contestant } from '../contest.ts';
import { type Any, loadTfjs } from '../peers.ts';
import type { Cnn } from './work.ts';

/** A step of Adam on images `[N, H, W, C]` and rows with a one at the label, which tells its loss. */
export function tfjsLearner(tf: Any, parameters: Cnn['parameters']): (images: Any, labels: Any) => Promise<number> {
  const variables = parameters.map(({ shape, data }) => tf.variable(tf.tensor(data, shape)));
  const [k, b, w1, b1, w2, b2] = variables;
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  return async (images, labels) => {
    const lossOf = (): Any => {
      const h = tf.maxPool(tf.relu(tf.conv2d(images, k, 1, 'valid').add(b)), 2, 2, 'valid').reshape([images.shape[0], -1]);
      return tf.losses.softmaxCrossEntropy(labels, tf.relu(h.matMul(w1).add(b1)).matMul(w2).add(b2));
    };
    const value = optimizer.minimize(lossOf, true);
    const loss = (await value.data())[0];
    value.dispose();
    return loss;
  };
}

/** On the plain JavaScript backend by default: the WebAssembly backend has no gradient of a convolution. */
export async function tfjs({ images, labels, parameters }: Cnn, backend: 'cpu' | 'webgpu' = 'cpu'): Promise<Contestant> {
  const tf = await loadTfjs(backend);
  const x = tf.tensor4d(images.data, images.shape);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const learn = tfjsLearner(tf, parameters);
  return {
    async step() {
      await tf.setBackend(backend);
      return { loss: await learn(x, y) };
    },
  };
}
