import { batchNormalization, dropout, gelu, layerNormalization, Random, softmax, sort, tidy, topk } from '@tessera/tensor';
import type { Work } from '../contest.ts';
import { filler } from '../filled.ts';
import type { Kernel } from './kernel.ts';
import { moved } from './work.ts';

const MILLION = 2 ** 20;

/** An op of float32 arrays of a shape, which are read once each and, where it has as many results, written once. */
function op(name: string, shape: number[], reads: 1 | 2, writes: 0 | 1, libraries: Pick<Kernel, 'tessera' | 'tfjs' | 'jax'>): Work {
  const fill = filler();
  return moved({ name, inputs: () => Array.from({ length: reads }, () => fill(shape, 4)), ...libraries }, 4 * MILLION * (reads + writes));
}

const line = [MILLION];
const square = [1024, 1024];

/** Ops that go over a million numbers once. */
export const elementwise: readonly Work[] = [
  op('add 1M', line, 2, 1, { tessera: (a, b) => a.add(b), tfjs: (_, a, b) => a.add(b), jax: (_, a, b) => a.add(b) }),
  op('mul 1M', line, 2, 1, { tessera: (a, b) => a.mul(b), tfjs: (_, a, b) => a.mul(b), jax: (_, a, b) => a.mul(b) }),
  op('relu 1M', line, 1, 1, { tessera: (a) => a.relu(), tfjs: (_, a) => a.relu(), jax: ({ nn }, a) => nn.relu(a) }),
  op('sum 1M', line, 1, 0, { tessera: (a) => a.sum(), tfjs: (_, a) => a.sum(), jax: ({ numpy }, a) => numpy.sum(a) }),
  op('max 1M', line, 1, 0, { tessera: (a) => a.max(), tfjs: (_, a) => a.max(), jax: ({ numpy }, a) => numpy.max(a) }),
  op('exp 1M', line, 1, 1, { tessera: (a) => a.exp(), tfjs: (_, a) => a.exp(), jax: ({ numpy }, a) => numpy.exp(a) }),
  op('tanh 1M', line, 1, 1, { tessera: (a) => a.tanh(), tfjs: (_, a) => a.tanh(), jax: ({ numpy }, a) => numpy.tanh(a) }),
  op('sigmoid 1M', line, 1, 1, { tessera: (a) => a.sigmoid(), tfjs: (_, a) => a.sigmoid(), jax: ({ nn }, a) => nn.sigmoid(a) }),
  op('gelu 1M', line, 1, 1, { tessera: (a) => gelu(a), jax: ({ nn }, a) => nn.gelu(a, { approximate: false }) }),
  op('softmax 1024x1024', square, 1, 1, { tessera: (a) => softmax(a), tfjs: (_, a) => a.softmax(), jax: ({ nn }, a) => nn.softmax(a, -1) }),
  op('layernorm 1024x1024', square, 1, 1, { tessera: (a) => layerNormalization(a), jax: ({ nn }, a) => nn.standardize(a, -1) }),
  op('maximum 1M', line, 2, 1, { tessera: (a, b) => a.maximum(b), tfjs: (_, a, b) => a.maximum(b) }),
  op('sum of rows 65536x16', [65_536, 16], 1, 0, { tessera: (a) => a.sum(1), tfjs: (_, a) => a.sum(1) }),
  op('sum of columns 65536x16', [65_536, 16], 1, 0, { tessera: (a) => a.sum(0), tfjs: (_, a) => a.sum(0) }),
  op('batchnorm 32768x32', [32_768, 32], 1, 1, {
    tessera(a) {
      const { y, mean, variance } = batchNormalization(a);
      mean.dispose();
      variance.dispose();
      return y;
    },
  }),
  op('dropout 1M', line, 1, 1, { tessera: (a) => tidy(() => dropout(a, 0.5, new Random(7))) }),
  op('sort 1M', line, 1, 1, { tessera: (a) => sort(a) }),
  op('top 10 of 1M', line, 1, 0, { tessera: (a) => firsts(topk(a, 10)), tfjs: (tf, a) => firsts(tf.topk(a, 10)) }),
];

/** What was found, without where. */
function firsts<T extends { dispose(): void }>({ values, indices }: { readonly values: T; readonly indices: T }): T {
  indices.dispose();
  return values;
}
