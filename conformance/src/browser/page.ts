import { type Outcome, program } from './program.ts';

/** Runs the program in the page, from a module compiled while it streams, and in a worker. */
async function run(): Promise<Record<'page' | 'streamed' | 'worker', Outcome>> {
  const module = await WebAssembly.compileStreaming(fetch('/simd.wasm'));
  const worker = new Worker('/worker.js', { type: 'module' });
  const answer = new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  return { page: await program({ deterministic: true }), streamed: await program({ module }), worker: await answer };
}

Object.assign(globalThis, { run });
