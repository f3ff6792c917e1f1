/**
 * The WebAssembly SIMD backend of Tessera.
 *
 * @module @tessera/backend-wasm
 */

export { wasm, type WasmOptions } from './backend.ts';
