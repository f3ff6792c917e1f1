import type { Work } from '../contest.ts';
import { jax } from './jax.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';
import { makeCnn } from './work.ts';

const step = makeCnn();

/** The training step of the examples' network. What is checked is the loss of the fifth step. */
export const cnn: Work = {
  name: 'cnn step',
  contestants: { 'tessera wasm': () => tessera(step), 'jax-js wasm': () => jax(step), 'tfjs cpu': () => tfjs(step) },
  tolerance: 1e-3,
};
