import { availableParallelism } from 'node:os';
import type { WasmBackend } from '@tessera/backend-wasm';
import { startBackend } from './backend.ts';
import type { Contestant, Contestants } from './contest.ts';

/** How many threads those have that are measured beside one thread: as THREADS says (default 2, where there are two cores). */
const many = Number(process.env['THREADS'] ?? Math.min(2, availableParallelism()));

/** Tessera on one thread and on several. */
export function ours(make: (backend: WasmBackend) => Contestant | Promise<Contestant>): Contestants {
  return (many > 1 ? [1, many] : [1]).map((threads) => ['tessera wasm', async () => make(await startBackend(threads))] as const);
}
