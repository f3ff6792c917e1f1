/**
 * The WebAssembly SIMD backend of Tessera.
 *
 * @module @tessera/backend-wasm
 */

export { wasm, type WasmBackend, type WasmOptions } from './backend.ts';
export type { WasmBuild } from './compile.ts';
