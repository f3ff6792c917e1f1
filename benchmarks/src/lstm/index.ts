import type { Work } from '../contest.ts';
import { jax } from './jax.ts';
import { tessera } from './tessera.ts';
import { makeLstm } from './work.ts';

const step = makeLstm();

/** The training step of an LSTM classifier. What is checked is the loss of the fifth step. */
export const lstm: Work = {
  name: 'lstm step',
  contestants: { 'tessera wasm': () => tessera(step), 'jax-js wasm': () => jax(step) },
  tolerance: 1e-3,
};
