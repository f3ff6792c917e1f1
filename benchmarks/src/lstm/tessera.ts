import type { Backend } from '@tessera/core';
import { crossEntropy } from '@tessera/losses';
import { lstm, take, tensor, zeros } from '@tessera/tensor';
import type { Contestant } from '../contest.ts';
import { trainTessera } from '../training/tessera.ts';
import { batch, type Lstm, time, units } from './work.ts';

export function tessera({ tokens, labels, parameters }: Lstm, backend: Backend): Contestant {
  return trainTessera(backend, parameters, () => {
    const [x, y] = [tensor(tokens, { shape: [batch, time] }), tensor(labels)];
    const loss = crossEntropy({ fromLogits: true });
    return ([embeddings, kernel, recurrent, bias, last, lastBias]) => {
      const state = zeros([batch, units]);
      const { h } = lstm(take(embeddings!, x).matmul(kernel!).add(bias!), recurrent!, state, state);
      return loss(h.at(':', -1).matmul(last!).add(lastBias!), y);
    };
  });
}
