import { capture } from '@tessera/capture';
import type { Backend } from '@tessera/core';
import { gelu, layerNormalization, scaledDotProductAttention, setDefaultBackend, tensor, type Tensor, tidy } from '@tessera/tensor';
import { about } from '../backend.ts';
import type { Contestant } from '../contest.ts';
import type { Filled } from '../filled.ts';
import { trainTessera } from '../training/tessera.ts';
import { batch, type Block, epsilon, heads, time, width } from './work.ts';

const place = ({ shape, data }: Filled): Tensor => tensor(data, { shape });

function block(x: Tensor, parameters: readonly Tensor[]): Tensor {
  const [gamma1, beta1, gamma2, beta2, ...dense] = parameters;
  const project = (y: Tensor, i: number): Tensor => y.matmul(dense[2 * i]!).add(dense[2 * i + 1]!);
  const normal = layerNormalization(x, { gamma: gamma1, beta: beta1, epsilon });
  const [q, k, v] = [0, 1, 2].map((i) =>
    project(normal, i)
      .reshape([batch, time, heads, width / heads])
      .transpose([0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor];
  const attended = scaledDotProductAttention(q, k, v).transpose([0, 2, 1, 3]).reshape([batch, time, width]);
  const z = x.add(project(attended, 3));
  return z.add(project(gelu(project(layerNormalization(z, { gamma: gamma2, beta: beta2, epsilon }), 4), { approximate: 'tanh' }), 5));
}

export function tesseraStep({ x, target, parameters }: Block, backend: Backend): Contestant {
  return trainTessera(backend, parameters, () => {
    const [input, wanted] = [place(x), place(target)];
    return (values) => block(input, values).sub(wanted).square().mean();
  });
}

export function tesseraForward({ x, parameters }: Block, backend: Backend): Contestant {
  setDefaultBackend(backend);
  const [input, values] = [place(x), parameters.map(place)];
  const forward = capture((given: Tensor) => block(given, values));
  return {
    ...about(backend),
    async step() {
      const y = forward(input);
      await y.data();
      y.dispose();
    },
    async check() {
      const mean = tidy(() => forward(input).abs().mean());
      const value = await mean.item();
      mean.dispose();
      return value;
    },
    dispose: () => backend.dispose(),
  };
}
