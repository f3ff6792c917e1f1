import type { WasmBackend } from '@tessera/backend-wasm';
import { type Backend, DeviceError } from '@tessera/core';
import type { Availability, BackendName } from '../messages.ts';

/** What makes each backend, loaded when it is asked for. A backend without a row is shown as not built in. */
const factories: Partial<Record<BackendName, () => Promise<Backend>>> = {
  wasm: async () => (await import('@tessera/backend-wasm')).wasm({ threads: navigator.hardwareConcurrency }),
};

/** @throws DeviceError where the backend does not work here. */
export async function makeBackend(name: BackendName): Promise<Backend> {
  const factory = factories[name];
  if (!factory) throw new DeviceError(`[${name}] this page was built without it.`);
  return factory();
}

/** Tries each backend once. */
export async function availableBackends(): Promise<Availability[]> {
  const names: BackendName[] = ['wasm', 'webgpu'];
  return Promise.all(
    names.map((name) =>
      makeBackend(name).then(
        (backend) => (backend.dispose(), { name }),
        // Without who says so, and without the way out, which is for programmers.
        (error: Error) => ({ name, reason: error.message.replace(/^\[\w+\] /, '').replace(/\. .*/s, '.') }),
      ),
    ),
  );
}

/** A backend in words. */
export function describeBackend(backend: Backend): string {
  if (backend.name !== 'wasm') return backend.name === 'webgpu' ? 'WebGPU' : backend.name;
  const { build, threads } = backend as WasmBackend;
  const instructions = build === 'relaxed-simd' ? 'relaxed SIMD' : 'SIMD';
  return `WebAssembly, ${instructions}, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
}
