import type { Backend } from '@tessera/core';
import { crossEntropy } from '@tessera/losses';
import { conv, maxPool, tensor } from '@tessera/tensor';
import type { Contestant } from '../contest.ts';
import { trainTessera } from '../training/tessera.ts';
import { batch, type Cnn } from './work.ts';

export function tessera({ images, labels, parameters }: Cnn, backend: Backend): Contestant {
  return trainTessera(backend, parameters, () => {
    const [x, y] = [tensor(images.data, { shape: images.shape }), tensor(labels)];
    const loss = crossEntropy({ fromLogits: true });
    return ([k, b, w1, b1, w2, b2]) => {
      const h = maxPool(conv(x, k!).add(b!).relu(), 2).reshape([batch, 7200]);
      return loss(h.matmul(w1!).add(b1!).relu().matmul(w2!).add(b2!), y);
    };
  });
}
