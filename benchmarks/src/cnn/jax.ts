import type { Contestant } from '../contest.ts';
import type { Any } from '#peers';
import { trainJax } from '../training/jax.ts';
import { batch, type Cnn, pooled } from './work.ts';

/** The loss of the network on images `[N, C, H, W]` and rows with a one at the label; channels come first, so the kernel is turned inside. */
export function lossOf({ lax, nn, numpy: np }: Any, size: number): (parameters: Any[], images: Any, labels: Any) => Any {
  const side = pooled(size);
  return ([k, b, w1, b1, w2, b2], images, labels) => {
    const kernel = k.transpose([3, 2, 0, 1]);
    const h = nn.relu(lax.convGeneralDilated(images, kernel, [1, 1], 'VALID').add(b.reshape([1, 32, 1, 1])));
    const flat = np
      .max(h.reshape([batch, 32, side, 2, side, 2]), [3, 5])
      .transpose([0, 2, 3, 1])
      .reshape([batch, side * side * 32]);
    const logits = np.matmul(nn.relu(np.matmul(flat, w1).add(b1)), w2).add(b2);
    return np.mean(np.sum(nn.logSoftmax(logits).mul(labels), -1)).mul(-1);
  };
}

/** Rows with a one at the label. */
export function oneHot(labels: ArrayLike<number>): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: labels.length * 10 }, (_, i) => (labels[Math.floor(i / 10)] === i % 10 ? 1 : 0));
}

export function jax({ images, labels, parameters }: Cnn, backend: 'wasm' | 'webgpu' = 'wasm'): Promise<Contestant> {
  const prepare = (library: Any): { data: Any[]; loss: ReturnType<typeof lossOf> } => {
    const { numpy: np } = library;
    const x = np.array(images.data, { shape: images.shape }).transpose([0, 3, 1, 2]);
    const y = np.array(oneHot(labels), { shape: [batch, 10] });
    return { data: [x, y], loss: lossOf(library, images.shape[1]!) };
  };
  return trainJax(parameters, prepare, backend);
}
