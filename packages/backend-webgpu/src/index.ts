/**
 * The WebGPU backend of Tessera.
 *
 * @module @tessera/backend-webgpu
 */

export type { AdapterOptions } from './adapter.ts';
export { webgpu, type WebGpuBackend, type WebGpuOptions } from './backend.ts';
export type { Counters } from './runtime.ts';
export type { PlanFacts, PreparedPlan } from './plan.ts';
