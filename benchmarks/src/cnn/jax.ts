import type { Contestant } from '../contest.ts';
import type { Any } from '../peers.ts';
import { trainJax } from '../training/jax.ts';
import { batch, type Cnn } from './work.ts';

/** Channels come first there; the kernel is turned inside the step. */
export function jax({ images, labels, parameters }: Cnn): Promise<Contestant> {
  return trainJax(parameters, ({ lax, nn, numpy: np }) => {
    const x = np.array(images.data, { shape: images.shape }).transpose([0, 3, 1, 2]);
    const hot = Float32Array.from({ length: batch * 10 }, (_, i) => (labels[Math.floor(i / 10)] === i % 10 ? 1 : 0));
    const y = np.array(hot, { shape: [batch, 10] });
    return {
      data: [x, y],
      loss: ([k, b, w1, b1, w2, b2]: Any[], input: Any, target: Any) => {
        const kernel = k.transpose([3, 2, 0, 1]);
        const h = nn.relu(lax.convGeneralDilated(input, kernel, [1, 1], 'VALID').add(b.reshape([1, 32, 1, 1])));
        const pooled = np
          .max(h.reshape([batch, 32, 15, 2, 15, 2]), [3, 5])
          .transpose([0, 2, 3, 1])
          .reshape([batch, 7200]);
        const logits = np.matmul(nn.relu(np.matmul(pooled, w1).add(b1)), w2).add(b2);
        return np.mean(np.sum(nn.logSoftmax(logits).mul(target), -1)).mul(-1);
      },
    };
  });
}
