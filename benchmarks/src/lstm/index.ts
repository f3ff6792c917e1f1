import type { Work } from '../contest.ts';
import { ours } from '../ours.ts';
import { pytorch } from '../pytorch/index.ts';
import { jax } from './jax.ts';
import { tessera } from './tessera.ts';
import { makeLstm } from './work.ts';

const step = makeLstm();

/** The training step of an LSTM classifier. What is checked is the loss of the fifth step. */
export const lstm: Work = {
  name: 'lstm step',
  contestants: [
    ...ours((backend) => tessera(step, backend)),
    ['jax-js wasm', () => jax(step)],
    ['pytorch', () => pytorch('lstm', [step.tokens, step.labels, ...step.parameters])],
  ],
  tolerance: 1e-3,
};
