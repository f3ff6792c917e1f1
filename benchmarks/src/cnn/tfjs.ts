import type { Contestant } from '../contest.ts';
import { loadTfjs } from '../peers.ts';
import { batch, type Cnn } from './work.ts';

/** On the plain JavaScript backend: the WebAssembly backend has no gradient of a convolution. */
export async function tfjs({ images, labels, parameters }: Cnn): Promise<Contestant> {
  const tf = await loadTfjs('cpu');
  const variables = parameters.map(({ shape, data }) => tf.variable(tf.tensor(data, shape)));
  const [k, b, w1, b1, w2, b2] = variables;
  const x = tf.tensor4d(images.data, images.shape);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const loss = () => {
    const h = tf.maxPool(tf.relu(tf.conv2d(x, k, 1, 'valid').add(b)), 2, 2, 'valid').reshape([batch, 7200]);
    return tf.losses.softmaxCrossEntropy(y, tf.relu(h.matMul(w1).add(b1)).matMul(w2).add(b2));
  };
  return {
    async step() {
      await tf.setBackend('cpu');
      const value = optimizer.minimize(loss, true);
      const result = (await value.data())[0];
      value.dispose();
      return result;
    },
  };
}
