import type { Work } from '../contest.ts';
import { jaxForward, jaxStep } from './jax.ts';
import { tesseraForward, tesseraStep } from './tessera.ts';
import { tfjsForward } from './tfjs.ts';
import { makeBlock } from './work.ts';

const block = makeBlock();

/** The forward pass of a Transformer block. What is checked is the mean of |y|. */
export const blockForward: Work = {
  name: 'block forward',
  contestants: {
    'tessera wasm': () => tesseraForward(block),
    'jax-js wasm': () => jaxForward(block),
    'tfjs wasm': () => tfjsForward(block),
  },
  tolerance: 1e-3,
};

/** The training step of a Transformer block. What is checked is the loss of the fifth step. */
export const blockStep: Work = {
  name: 'block step',
  contestants: { 'tessera wasm': () => tesseraStep(block), 'jax-js wasm': () => jaxStep(block) },
  tolerance: 1e-3,
};
