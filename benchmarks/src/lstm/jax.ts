import type { Contestant } from '../contest.ts';
import type { Any } from '#peers';
import { trainJax } from '../training/jax.ts';
import { batch, classes, type Lstm, time, units, vocabulary } from './work.ts';

/**
 * It has no loop over time, so the 64 steps are written out under jit; and its gradient of taking rows does not compile there, so
 * rows are taken by a product with a matrix of ones and zeros.
 */
export function jax({ tokens, labels, parameters }: Lstm, backend: 'wasm' | 'webgpu' = 'wasm'): Promise<Contestant> {
  const prepare = ({ nn, numpy: np }: Any): { data: Any[]; loss: (parameters: Any[], input: Any, target: Any) => Any } => {
    const x = np.array(tokens, { shape: [batch * time], dtype: 'int32' });
    const hot = Float32Array.from({ length: batch * classes }, (_, i) => (labels[Math.floor(i / classes)] === i % classes ? 1 : 0));
    const y = np.array(hot, { shape: [batch, classes] });
    return {
      data: [x, y],
      loss: ([embeddings, kernel, recurrent, bias, last, lastBias], input, target) => {
        const z = np
          .matmul(np.matmul(nn.oneHot(input, vocabulary), embeddings), kernel)
          .add(bias)
          .reshape([batch, time, 4 * units]);
        let h = np.zeros([batch, units]);
        let c = np.zeros([batch, units]);
        for (let t = 0; t < time; t++) {
          const gates = z.ref.slice([], t).add(np.matmul(h, recurrent.ref));
          const gate = (k: number): Any => gates.ref.slice([], [k * units, (k + 1) * units]);
          c = nn
            .sigmoid(gate(1))
            .mul(c)
            .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
          h = nn.sigmoid(gate(3)).mul(np.tanh(c.ref));
          gates.dispose();
        }
        for (const used of [z, recurrent, c]) used.dispose();
        const logits = np.matmul(h, last).add(lastBias);
        return np.mean(np.sum(nn.logSoftmax(logits).mul(target), -1)).mul(-1);
      },
    };
  };
  return trainJax(parameters, prepare, backend);
}
