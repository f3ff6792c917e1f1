import type { Work } from '../contest.ts';
import { ours } from '../ours.ts';
import { pytorch } from '../pytorch/index.ts';
import { jax } from './jax.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';
import { makeCnn } from './work.ts';

const step = makeCnn();

/** The training step of the examples' network. What is checked is the loss of the fifth step. */
export const cnn: Work = {
  name: 'cnn step',
  contestants: [
    ...ours((backend) => tessera(step, backend)),
    ['jax-js wasm', () => jax(step)],
    ['tfjs cpu', () => tfjs(step)],
    ['pytorch', () => pytorch('cnn', [step.images, step.labels, ...step.parameters])],
  ],
  tolerance: 1e-3,
};
