import type { OpDescription } from '../check-op.ts';
import { composite } from './composite.ts';
import { elementwise } from './elementwise.ts';
import { epilogue } from './epilogue.ts';
import { indexing } from './indexing.ts';
import { linear } from './linear.ts';
import { movement } from './movement.ts';
import { normalization } from './normalization.ts';
import { random } from './random.ts';
import { reduction } from './reduction.ts';

/** Every primitive and the composites with kernels, each described once: what every backend must compute. */
export const opDescriptions: readonly OpDescription[] = [
  ...elementwise,
  ...reduction,
  ...movement,
  ...linear,
  ...epilogue,
  ...indexing,
  ...random,
  ...normalization,
  ...composite,
];
