import { type Backend, type BackendFactory, DeviceError } from '@tessera/core';

let chosen: Backend | undefined;

/** Sets the backend on which tensors are made when none is named, and gives the one before. */
export function setDefaultBackend(backend: Backend | undefined): Backend | undefined {
  const before = chosen;
  chosen = backend;
  return before;
}

/** The default backend. @throws DeviceError if none was set. */
export function defaultBackend(): Backend {
  if (chosen) return chosen;
  throw new DeviceError('[defaultBackend] no backend was chosen. Call setDefaultBackend(await wasm()) first, or pass { backend }.');
}

/** Options of {@link bestBackend}. */
export interface BestBackendOptions {
  /** Told what was chosen, and why what came before it was not. */
  readonly onChoice?: (report: string) => void;
}

/**
 * The first backend that works, in the order given; one that says it is second best only where no later one works.
 *
 * @throws DeviceError with the reason of each when none does.
 * @example
 * setDefaultBackend(await bestBackend([webgpu, wasm, cpu]))
 */
export async function bestBackend(factories: readonly BackendFactory[], { onChoice }: BestBackendOptions = {}): Promise<Backend> {
  const reasons: string[] = [];
  let fallback: Backend | undefined;
  const choose = (backend: Backend): Backend => {
    if (backend !== fallback) fallback?.dispose();
    onChoice?.([`chose ${backend.name}`, ...reasons].join('; '));
    return backend;
  };
  for (const factory of factories) {
    try {
      const backend = await factory();
      if (backend.secondBest === undefined) return choose(backend);
      reasons.push(`${backend.name} is second best: ${backend.secondBest}`);
      if (fallback) backend.dispose();
      else fallback = backend;
    } catch (error) {
      reasons.push(`${factory.name || 'a backend'} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (fallback) return choose(fallback);
  throw new DeviceError(`[bestBackend] no backend works here: ${reasons.join('; ') || 'none was given'}`);
}
