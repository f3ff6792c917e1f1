/** The instructions that kernels were compiled for. */
export type WasmBuild = 'simd' | 'relaxed-simd' | 'precompiled';

// (func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
const RELAXED_PROBE = Uint8Array.from('0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b'.match(/../g)!, (byte) =>
  Number.parseInt(byte, 16),
);

/** In a module's import of memory: it has a maximum, and is shared. */
const SHARED = 3;

/** The kernels that suit this engine. */
export async function compileKernels(deterministic: boolean, shared: boolean): Promise<{ module: WebAssembly.Module; build: WasmBuild }> {
  const build = !deterministic && WebAssembly.validate(RELAXED_PROBE) ? 'relaxed-simd' : 'simd';
  const { base64, byteLength, memoryFlag } = await (build === 'simd'
    ? import('./generated/simd.ts')
    : import('./generated/relaxed-simd.ts'));
  const bytes = await decompress(
    Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
    byteLength,
  );
  // Modules differ by this one byte according to the memory that they import.
  if (shared) bytes[memoryFlag] = SHARED;
  return { module: await WebAssembly.compile(bytes), build };
}

/** What gzip made smaller. By the stream itself: a Response would have Node load all that fetching takes. */
async function decompress(compressed: Uint8Array<ArrayBuffer>, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream('gzip');
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(compressed), writer.close()]);
  const bytes = new Uint8Array(byteLength);
  const reader = readable.getReader();
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes.set(part.value, length);
    length += part.value.length;
  }
  await written;
  return bytes;
}
