import { ours } from '../ours.ts';
import type { Work } from '../contest.ts';
import { jax, tfjs } from './peers.ts';
import { tessera } from './tessera.ts';

/**
 * An epoch of the examples' network on Fashion-MNIST, batches of 32. What is checked is the mean loss of the first five batches in the
 * order of the data, from the same weights.
 */
export const epoch: Work = {
  name: 'cnn epoch',
  contestants: [...ours(tessera), ['jax-js wasm', jax], ['tfjs cpu', tfjs]],
  tolerance: 1e-3,
  images: 60_000,
  rounds: 2,
};
