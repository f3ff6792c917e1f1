import { setFlagsFromString } from 'node:v8';
import { cpu } from '@tessera/backend-cpu';
import { type WasmOptions, wasm } from '@tessera/backend-wasm';
import type { Backend } from '@tessera/core';

// Before version 22 Node has relaxed SIMD, but behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const plain: WasmOptions = { deterministic: true };
/** Two threads, who share everything that can be, however small. */
const shared: WasmOptions = { threads: 2, sharesFrom: 0 };

/** Makers of every backend that must give the same answers: the reference, and each build of the kernels with one thread and with two. */
export const everyMaker: Readonly<Record<string, () => Backend | Promise<Backend>>> = {
  cpu,
  'wasm with plain SIMD': () => wasm(plain),
  'wasm with plain SIMD and two threads': () => wasm({ ...plain, ...shared }),
  'wasm with relaxed SIMD': () => wasm(),
  'wasm with relaxed SIMD and two threads': () => wasm(shared),
};

/** Those backends, made. */
export async function everyBackend(): Promise<[name: string, backend: Backend][]> {
  return Promise.all(Object.entries(everyMaker).map(async ([name, make]) => [name, await make()] as [string, Backend]));
}
