import { type Backend, type Buffer, DeviceLostError } from '@tessera/core';

/** A backend of which the device can be lost at will. */
export interface LosableBackend extends Backend {
  /** From now on all that works on the device throws DeviceLostError, what is being read included; memory may still be given back. */
  lose(): void;
}

/**
 * A backend that behaves as the one given until its device is lost, as happens to a graphics card when its driver starts anew.
 *
 * @example
 * const backend = losable(cpu())
 * setDefaultBackend(backend)
 * backend.lose()
 */
export function losable(backend: Backend): LosableBackend {
  let lost = false;
  const alive = (): Backend => {
    if (lost) throw new DeviceLostError(`[${backend.name}] the device was lost, with all that was on it. Make another backend.`);
    return backend;
  };
  const prepare: Backend['prepare'] = (plan) => {
    const runner = alive().prepare!(plan);
    return (
      runner && {
        compile: async (onProgress) => alive() && runner.compile?.(onProgress),
        run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
          alive();
          runner.run(inputs, outputs);
        },
        dispose: () => runner.dispose(),
      }
    );
  };
  return {
    name: backend.name,
    computes: backend.computes,
    composites: backend.composites,
    separateBuffers: backend.separateBuffers ?? false,
    allocate: (byteLength) => alive().allocate(byteLength),
    free: (buffer) => backend.free(buffer),
    write: (buffer, bytes) => alive().write(buffer, bytes),
    async read(buffer, byteOffset, byteLength) {
      const bytes = await alive().read(buffer, byteOffset, byteLength);
      alive();
      return bytes;
    },
    execute: (op, inputs, attributes, outputs) => alive().execute(op, inputs, attributes, outputs),
    ...(backend.prepare ? { prepare } : {}),
    memory: () => backend.memory(),
    dispose: () => backend.dispose(),
    lose: () => void (lost = true),
  };
}
