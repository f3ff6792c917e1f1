import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';

/** What was asked of devices, whoever asked. */
export const asked = { dispatches: 0, submits: 0 };

/** WebGPU where everybody looks for it: in Node by Dawn. Dispatches and submits are counted from now on. */
export async function provideGpu(): Promise<void> {
  const name = 'webgpu';
  const { create, globals } = await import(name);
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // jax-js asks it for the browser's name.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node.js', platform: process.platform }, configurable: true });
  const count = (type: string, method: string, what: keyof typeof asked): void => {
    const { prototype } = globals[type];
    const original = prototype[method];
    prototype[method] = function (...given: unknown[]): unknown {
      asked[what]++;
      return original.apply(this, given);
    };
  };
  for (const method of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) count('GPUComputePassEncoder', method, 'dispatches');
  count('GPUQueue', 'submit', 'submits');
}

/** Our backend on that GPU, whatever it is. */
export function startWebGpu(): Promise<WebGpuBackend> {
  return webgpu({ software: true });
}
