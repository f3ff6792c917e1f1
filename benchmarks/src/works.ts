import { blockForward, blockStep } from './block/index.ts';
import { busy } from './busy/index.ts';
import { cnn } from './cnn/index.ts';
import type { Work } from './contest.ts';
import { epoch } from './epoch/index.ts';
import { convolutions, elementwise, machine, products } from './kernels/index.ts';
import { lstm } from './lstm/index.ts';
import { memory } from './memory/index.ts';
import { overhead } from './overhead/index.ts';

/** All works, in groups by the names that choose them. */
export const works: Readonly<Record<string, readonly Work[]>> = {
  peak: [machine],
  matmul: products,
  conv: convolutions,
  elementwise,
  cnn: [cnn],
  lstm: [lstm],
  block: [blockForward, blockStep],
  epoch: [epoch],
  memory: [memory],
  overhead,
  busy: busy([...products, ...convolutions, ...elementwise, cnn, lstm, blockStep]),
};
