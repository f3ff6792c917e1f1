import type { WasmBackend } from '@tessera/backend-wasm';
import type { WebGpuBackend } from '@tessera/backend-webgpu';
import type { Backend } from '@tessera/core';
import { losable } from '@tessera/testkit';
import type { Availability, BackendName } from '../messages.ts';
import { reasonOf } from './reason.ts';

/** A backend with what the page says of it. */
export interface Device {
  readonly backend: Backend;
  /** In words. */
  readonly description: string;
  /** Whether it works on the processor although it is made for graphics cards. */
  readonly software: boolean;
  /** Loses it, as a driver that starts anew does. */
  lose(): void;
}

/** What makes the device of each backend, which is loaded when it is asked for. */
const makers: Readonly<Record<BackendName, () => Promise<Device>>> = {
  async wasm() {
    const { wasm } = await import('@tessera/backend-wasm');
    const made = await wasm({ threads: navigator.hardwareConcurrency });
    const backend = losable(made);
    return { backend, description: describeWasm(made), software: false, lose: () => backend.lose() };
  },
  async webgpu() {
    const { webgpu } = await import('@tessera/backend-webgpu');
    const backend = await webgpu();
    return {
      backend,
      description: describeWebGpu(backend),
      software: backend.adapter.software,
      lose: () => backend.device.destroy(),
    };
  },
};

/** @throws DeviceError where the backend does not work here. */
export function makeDevice(name: BackendName): Promise<Device> {
  return makers[name]();
}

/** Tries each backend once. */
export async function availableBackends(): Promise<Availability[]> {
  const names: BackendName[] = ['wasm', 'webgpu'];
  return Promise.all(
    names.map((name) =>
      makeDevice(name).then(
        ({ backend, software }) => (backend.dispose(), { name, software }),
        (error: unknown) => ({ name, software: false, reason: reasonOf(error) }),
      ),
    ),
  );
}

function describeWasm({ build, threads }: WasmBackend): string {
  const instructions = build === 'relaxed-simd' ? 'relaxed SIMD' : 'SIMD';
  return `WebAssembly, ${instructions}, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
}

function describeWebGpu({ adapter: { software, vendor } }: WebGpuBackend): string {
  return ['WebGPU', ...(software ? ['software'] : []), ...(vendor ? [vendor] : [])].join(', ');
}
