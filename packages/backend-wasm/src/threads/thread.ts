import { DeviceError } from '@tessera/core';
import type { Control } from './pool.ts';

/** What a worker is given. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where the words lie that threads agree by. */
  readonly control: number;
  readonly thread: number;
}

/** A worker that does parts of jobs. */
export interface Thread {
  stop(): void;
}

/** What a worker does until it is told to stop. It gets this function as text: it must stand by itself. */
function serve({ module, memory, control, thread }: Shared, ready: () => void): void {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Control;
  ready();
  for (;;) {
    try {
      return kernels.serve(control, thread);
    } catch {
      kernels.fail(control);
    }
  }
}

/** The program as text: bundlers and loaders may have put calls of a helper into it that names functions. */
const program = `const __name = (f) => f; const serve = ${serve};`;

/** Starts a worker. @throws DeviceError where it cannot be started. */
export async function startThread(shared: Shared): Promise<Thread> {
  const node = typeof process === 'object' && process.versions?.node !== undefined && typeof document === 'undefined';
  if (node) {
    // Not as a literal: bundlers for browsers would look for the module.
    const specifier = 'node:worker_threads';
    const { Worker: NodeWorker } = (await import(
      /* webpackIgnore: true */ /* @vite-ignore */ specifier
    )) as typeof import('node:worker_threads');
    const source = `${program} const { parentPort, workerData } = require('node:worker_threads'); serve(workerData, () => parentPort.postMessage(0));`;
    const worker = new NodeWorker(source, { eval: true, workerData: shared });
    await new Promise<void>((resolve, reject) => worker.once('message', () => resolve()).once('error', reject));
    // A program may end although its workers wait.
    worker.unref();
    return { stop: () => void worker.terminate() };
  }
  const source = `${program} onmessage = ({ data }) => serve(data, () => postMessage(0));`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new DeviceError(`[wasm] a worker thread could not start: ${message}`));
  });
  worker.postMessage(shared);
  await ready.finally(() => URL.revokeObjectURL(url));
  return { stop: () => worker.terminate() };
}
