import { type WasmBackend, wasm } from '@tessera/backend-wasm';
import { setDefaultBackend } from '@tessera/tensor';

/** Our backend with as many threads as THREADS says (default 1), and what rows say of it. */
export async function startBackend(): Promise<Pick<WasmBackend, 'threads' | 'build'>> {
  const backend = await wasm({ threads: Number(process.env['THREADS'] ?? 1) });
  setDefaultBackend(backend);
  const { threads, build } = backend;
  return { threads, build };
}
