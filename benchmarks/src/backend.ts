import { type WasmBackend, wasm } from '@tessera/backend-wasm';
import type { Backend } from '@tessera/core';
import { setDefaultBackend } from '@tessera/tensor';
import type { Contestant } from './contest.ts';

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
