import { availableParallelism } from 'node:os';
import { type WasmBackend, wasm } from '@tessera/backend-wasm';
import type { Backend } from '@tessera/core';
import { setDefaultBackend } from '@tessera/tensor';
import type { Contestant, Contestants } from './contest.ts';

/** Our backend, the default one from now on. */
export async function startBackend(threads = 1): Promise<WasmBackend> {
  const backend = await wasm({ threads });
  setDefaultBackend(backend);
  return backend;
}

/** What rows say of a backend. */
export function about(backend: Backend): Pick<Contestant, 'threads' | 'build'> {
  if (backend.name !== 'wasm') return {};
  const { threads, build } = backend as WasmBackend;
  return { threads, build };
}

/** How many threads those have that are measured beside one thread: as THREADS says (default 2, where there are two cores). */
const many = Number(process.env['THREADS'] ?? Math.min(2, availableParallelism()));

/** Tessera on one thread and on several. */
export function ours(make: (threads: number) => Promise<Contestant>): Contestants {
  return (many > 1 ? [1, many] : [1]).map((threads) => ['tessera wasm', () => make(threads)] as const);
}
