import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Contestant, Work } from '../contest.ts';
import type { Any } from '#peers';

const peers = new URL('../../peers/node_modules/', import.meta.url);

async function weighed(weigh: (tools: Any) => Promise<number>): Promise<Contestant> {
  const tools = await import(new URL('../../../scripts/weigh.mjs', import.meta.url).href);
  return { build: '', step: async () => ({ bytes: await weigh(tools) }) };
}

/** Files as they are published, gzipped. */
async function gzipped(...paths: readonly string[]): Promise<number> {
  const files = await Promise.all(paths.map((path) => readFile(new URL(path, peers))));
  return files.reduce((sum, file) => sum + gzipSync(file).length, 0);
}

/** What a page loads to train, minified and gzipped, with one variant of the kernels. */
export const size: Work = {
  name: 'size for training, gzip',
  contestants: [
    ['tessera wasm', () => weighed(async ({ weigh, training }) => (await weigh(training)) * 1000)],
    [
      'jax-js wasm',
      () => weighed(async ({ weigh }) => (await weigh({ entryPoints: [new URL('@jax-js/jax/dist/index.js', peers).pathname] })) * 1000),
    ],
    [
      'tfjs wasm',
      () =>
        weighed(() =>
          gzipped(
            '@tensorflow/tfjs/dist/tf.min.js',
            '@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js',
            '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
          ),
        ),
    ],
  ],
  tolerance: 0,
  rounds: 1,
};
