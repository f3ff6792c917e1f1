/**
 * The WebAssembly SIMD backend of Tessera.
 *
 * @module @tessera/backend-wasm
 */

export { wasm, type WasmBackend, type WasmBuild, type WasmOptions } from './backend.ts';
