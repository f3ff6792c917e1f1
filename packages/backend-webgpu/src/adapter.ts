import { DeviceError } from '@tessera/core';

/** How an adapter is chosen. */
export interface AdapterOptions {
  /** WebGPU's door (default: `navigator.gpu`, or that of the optional package `webgpu` in Node). */
  readonly gpu?: GPU;
  readonly powerPreference?: GPUPowerPreference;
  /**
   * Whether a driver that works on the processor is taken, which is slower than `wasm()`: `true` asks for it, `false` refuses it. By
   * default it is taken, but `bestBackend` prefers any other that works.
   */
  readonly software?: boolean;
  /** What is used where the adapter has it (default: `shader-f16` and `subgroups`): everything works without. */
  readonly features?: readonly GPUFeatureName[];
}

const WAY_OUT =
  'In Node install the package webgpu; in a browser see https://webgpu.io/status. await bestBackend([webgpu, wasm]) takes WebAssembly where there is none.';

// A door that nobody holds any longer is collected, and the process with it.
const HELD = Symbol.for('tessera.webgpu');

/** WebGPU's door, where there is one. */
async function findGpu(): Promise<GPU> {
  const { gpu } = (globalThis as { navigator?: { gpu?: GPU } }).navigator ?? {};
  if (gpu) return gpu;
  const held = globalThis as { [HELD]?: GPU };
  if (held[HELD]) return held[HELD];
  // Named by a variable, so that bundlers for browsers leave it alone.
  const name = 'webgpu';
  try {
    const { create } = (await import(/* @vite-ignore */ name)) as { create: (flags: readonly string[]) => GPU };
    return (held[HELD] = create([]));
  } catch (cause) {
    throw new DeviceError(`[webgpu] there is no WebGPU here: no navigator.gpu, and no package webgpu. ${WAY_OUT}`, { cause });
  }
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|software|basic render|warp/i;

/** Whether an adapter works on the processor: some drivers do not say so. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter === true || softwareNames.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}

/** The adapter that suits the options. @throws DeviceError with the way out where there is none. */
export async function findAdapter({ gpu, powerPreference, software }: AdapterOptions): Promise<GPUAdapter> {
  const door = gpu ?? (await findGpu());
  const adapter = await door.requestAdapter(powerPreference ? { powerPreference } : {});
  if (!adapter) throw new DeviceError(`[webgpu] WebGPU finds no adapter: the driver is missing, too old, or blocked. ${WAY_OUT}`);
  if (software === false && isSoftware(adapter.info)) {
    const { vendor, architecture } = adapter.info;
    throw new DeviceError(
      `[webgpu] the only adapter works on the processor, slower than WebAssembly: ${vendor} ${architecture}. Take it with webgpu({ software: true }).`,
    );
  }
  return adapter;
}

const wanted = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/** A device with all limits of the adapter, and those features that it has. */
export async function openDevice(
  adapter: GPUAdapter,
  features: readonly GPUFeatureName[] = ['shader-f16', 'subgroups'],
): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(wanted.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({ requiredLimits, requiredFeatures: features.filter((name) => adapter.features.has(name)) });
}
