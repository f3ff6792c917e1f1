import { createRequire } from 'node:module';
import type { Contestant } from '../contest.ts';
import { batch, type Step } from './work.ts';

/** TensorFlow.js on its plain JavaScript backend: its WebAssembly backend has no gradient of a convolution. */
export async function tfjs({ images, labels, parameters }: Step): Promise<Contestant> {
  const tf = createRequire(new URL('../../peers/package.json', import.meta.url))('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const variables = parameters.map(({ shape, data }) => tf.variable(tf.tensor(data, shape)));
  const [k, b, w1, b1, w2, b2] = variables;
  const x = tf.tensor4d(images, [batch, 32, 32, 3]);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const loss = () => {
    const h = tf.maxPool(tf.relu(tf.conv2d(x, k, 1, 'valid').add(b)), 2, 2, 'valid').reshape([batch, 7200]);
    return tf.losses.softmaxCrossEntropy(y, tf.relu(h.matMul(w1).add(b1)).matMul(w2).add(b2));
  };
  return {
    async step() {
      const value = optimizer.minimize(loss, true);
      const result = (await value.data())[0];
      value.dispose();
      return result;
    },
  };
}
