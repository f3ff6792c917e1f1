import type { Work } from '../contest.ts';
import { ours } from '../ours.ts';
import { pytorch } from '../pytorch/index.ts';
import { jaxForward, jaxStep } from './jax.ts';
import { onnxForward } from './onnx.ts';
import { tesseraForward, tesseraStep } from './tessera.ts';
import { tfjsForward } from './tfjs.ts';
import { makeBlock } from './work.ts';

const block = makeBlock();

/** The forward pass of a Transformer block. What is checked is the mean of |y|. */
export const blockForward: Work = {
  name: 'block forward',
  contestants: [
    ...ours((backend) => tesseraForward(block, backend)),
    ['onnxruntime-web wasm', () => onnxForward(block)],
    ['jax-js wasm', () => jaxForward(block)],
    ['tfjs wasm', () => tfjsForward(block)],
  ],
  tolerance: 1e-3,
};

/** The training step of a Transformer block. What is checked is the loss of the fifth step. */
export const blockStep: Work = {
  name: 'block step',
  contestants: [
    ...ours((backend) => tesseraStep(block, backend)),
    ['jax-js wasm', () => jaxStep(block)],
    ['pytorch', () => pytorch('block', [block.x, block.target, ...block.parameters])],
  ],
  tolerance: 1e-3,
};
