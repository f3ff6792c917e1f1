import type { Any } from '#peers';
import type { Contestant } from '../contest.ts';
import { trainTfjs } from '../training/tfjs.ts';
import type { Cnn } from './work.ts';

/** The loss of the network on images `[N, H, W, C]` and rows with a one at the label. */
export function lossOf(tf: Any): (parameters: Any[], images: Any, labels: Any) => Any {
  return ([k, b, w1, b1, w2, b2], images, labels) => {
    const h = tf.maxPool(tf.relu(tf.conv2d(images, k, 1, 'valid').add(b)), 2, 2, 'valid').reshape([images.shape[0], -1]);
    return tf.losses.softmaxCrossEntropy(labels, tf.relu(h.matMul(w1).add(b1)).matMul(w2).add(b2));
  };
}

/** On the plain JavaScript backend by default: the WebAssembly backend has no gradient of a convolution. */
export function tfjs({ images, labels, parameters }: Cnn, backend: 'cpu' | 'webgpu' = 'cpu'): Promise<Contestant> {
  const prepare = (tf: Any): { data: Any[]; loss: ReturnType<typeof lossOf> } => ({
    data: [tf.tensor4d(images.data, images.shape), tf.oneHot(tf.tensor1d(labels, 'int32'), 10)],
    loss: lossOf(tf),
  });
  return trainTfjs(parameters, prepare, backend);
}
