import { createRequire } from 'node:module';
import type { Contestant } from '../contest.ts';
import type { Product } from './index.ts';

/** TensorFlow.js on its WebAssembly backend: SIMD, one thread, as it is in Node. */
export async function tfjs({ m, k, n, times, a, b }: Product): Promise<Contestant> {
  const require = createRequire(new URL('../../peers/package.json', import.meta.url));
  const tf = require('@tensorflow/tfjs');
  require('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend('wasm'))) throw new Error('its backend did not start');
  const [x, y] = [tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])];
  return {
    async step() {
      await tf.setBackend('wasm');
      for (let i = 1; i < times; i++) tf.matMul(x, y).dispose();
      const corner = tf.tidy(() => tf.matMul(x, y).slice([m - 1, n - 1], [1, 1]));
      const [value] = await corner.data();
      corner.dispose();
      return value;
    },
  };
}
