import { wasm } from '@tessera/backend-wasm';
import type { WasmBackend } from '@tessera/backend-wasm';
import { startBackend } from '../backend.ts';
import { tesseraStep } from '../block/tessera.ts';
import { makeBlock } from '../block/work.ts';
import { tessera as cnn } from '../cnn/tessera.ts';
import { makeCnn } from '../cnn/work.ts';
import type { Contestant, Work } from '../contest.ts';
import { tessera as lstm } from '../lstm/tessera.ts';
import { makeLstm } from '../lstm/work.ts';
import { emptyKernels } from './empty-kernels.ts';

/** The step with kernels that do nothing: what is left is what JavaScript does itself. Its loss means nothing. */
async function empty(prepare: (backend: WasmBackend) => Contestant): Promise<Contestant> {
  const contestant = prepare(await wasm({ module: await emptyKernels() }));
  return {
    ...contestant,
    async step() {
      await contestant.step();
    },
  };
}

const javascriptOf = (name: string, prepare: (backend: WasmBackend) => Contestant): Work => ({
  name: `${name} javascript`,
  contestants: [
    ['tessera wasm', async () => prepare(await startBackend())],
    ['tessera wasm, kernels empty', () => empty(prepare)],
  ],
  tolerance: 0,
});

/** JavaScript's own time in a captured training step, beside the whole step's. */
export const javascript: readonly Work[] = [
  javascriptOf('cnn step', (backend) => cnn(makeCnn(), backend)),
  javascriptOf('lstm step', (backend) => lstm(makeLstm(), backend)),
  javascriptOf('block step', (backend) => tesseraStep(makeBlock(), backend)),
];
