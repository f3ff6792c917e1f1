import type { Work } from '../contest.ts';
import { jax } from './jax.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';
import { makeStep } from './work.ts';

const step = makeStep();

/** The training step of the examples' network. What is checked is the loss of the fifth step. */
export const cnn: Work = {
  name: 'cnn step',
  contestants: { 'tessera wasm': () => tessera(step), 'jax-js wasm': () => jax(step), 'tfjs cpu': () => tfjs(step) },
  checkedRound: 4,
  tolerance: 1e-3,
};
