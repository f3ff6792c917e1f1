import { wasm } from '@tessera/backend-wasm';
import { type Outcome, program } from './program.ts';

/** Runs the program in the page, from a module compiled while it streams, in a worker, and by two threads. */
async function run(): Promise<Record<'page' | 'streamed' | 'worker' | 'shared', Outcome>> {
  const module = await WebAssembly.compileStreaming(fetch('/simd.wasm'));
  const worker = new Worker('/worker.js', { type: 'module' });
  const answer = new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  const shared = await program({ deterministic: true, threads: 2, sharesFrom: 0 });
  return { shared, page: await program({ deterministic: true }), streamed: await program({ module }), worker: await answer };
}

/** How many threads a backend gets that asks for two. */
async function threads(): Promise<number> {
  const backend = await wasm({ threads: 2 });
  backend.dispose();
  return backend.threads;
}

Object.assign(globalThis, { run, threads });
