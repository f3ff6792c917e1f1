import { type WasmBackend, wasm } from '@tessera/backend-wasm';
import { capture } from '@tessera/capture';
import { setDefaultBackend, softmax, type Tensor, tensor } from '@tessera/tensor';
import { about } from '../backend.ts';
import type { Contestant, Work } from '../contest.ts';
import { filler } from '../filled.ts';
import { CALLS, sum, vectors } from './calls.ts';

/** A backend that shares whatever can be shared, at any price. */
const sharing = (): Promise<WasmBackend> => wasm({ threads: 2, sharesFrom: 0 });

/** Two parts of 64 numbers are the least that is shared. */
const SHARED = 128;

/** A kernel of 128 numbers, called by way of the backend, shared by two threads and by one: the difference is what a parallel region costs. */
export const parallelRegion: Work = {
  name: 'parallel region',
  contestants: [
    ['tessera wasm', async () => sum(await sharing(), vectors(SHARED))],
    ['tessera wasm', async () => sum(await wasm(), vectors(SHARED))],
  ],
  tolerance: 0,
  times: CALLS,
};

const REGIONS = 500;
const RUNS = 20;

/** So many kernels one after another in a program: softmax of two short rows, which no other op is joined with. */
function chain(backend: WasmBackend): Contestant {
  setDefaultBackend(backend);
  const { data } = filler()([SHARED], 1);
  const x = tensor(data, { shape: [2, SHARED / 2] });
  const run = capture((first: Tensor) => {
    let y = first;
    for (let i = 0; i < REGIONS; i++) y = softmax(y);
    return y;
  });
  return {
    ...about(backend),
    async step() {
      for (let i = 0; i < RUNS; i++) run(x).dispose();
    },
    async check() {
      const y = run(x);
      const values = await y.data();
      y.dispose();
      return values[0] as number;
    },
    dispose: () => backend.dispose(),
  };
}

/** The same within a program, where kernels follow one another without JavaScript. */
export const programRegion: Work = {
  name: 'parallel region in a program',
  contestants: [
    ['tessera wasm', async () => chain(await sharing())],
    ['tessera wasm', async () => chain(await wasm())],
  ],
  tolerance: 0,
  times: REGIONS * RUNS,
};
