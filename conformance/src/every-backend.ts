import { setFlagsFromString } from 'node:v8';
import { cpu } from '@tessera/backend-cpu';
import { type WasmOptions, wasm } from '@tessera/backend-wasm';
import { webgpu } from '@tessera/backend-webgpu';
import type { Backend } from '@tessera/core';

// Before version 22 Node has relaxed SIMD, but behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const plain: WasmOptions = { deterministic: true };
/** Two threads, who share everything that can be, however small. */
const shared: WasmOptions = { threads: 2, sharesFrom: 0 };

/** The driver that `npm run test:webgpu` has set the environment up for; it runs these tests once for each. */
const driver = process.env['TESSERA_WEBGPU'];

const onHost: Readonly<Record<string, () => Backend | Promise<Backend>>> = {
  cpu,
  'wasm with plain SIMD': () => wasm(plain),
  'wasm with plain SIMD and two threads': () => wasm({ ...plain, ...shared }),
  'wasm with relaxed SIMD': () => wasm(),
  'wasm with relaxed SIMD and two threads': () => wasm(shared),
};

/** Makers of every backend that must give the same answers: the reference, each build of the kernels with one thread and with two, or WebGPU. */
export const everyMaker: Readonly<Record<string, () => Backend | Promise<Backend>>> = driver
  ? { [`webgpu on ${driver}`]: () => webgpu() }
  : onHost;

/** Those backends, made. */
export async function everyBackend(): Promise<[name: string, backend: Backend][]> {
  return Promise.all(Object.entries(everyMaker).map(async ([name, make]) => [name, await make()] as [string, Backend]));
}
