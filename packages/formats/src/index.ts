/**
 * safetensors and npy: bytes to named tensors and back.
 *
 * @module @tessera/formats
 */

export { readNpy, writeNpy } from './npy.ts';
export type { RawTensor } from './raw-tensor.ts';
export { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';
