import { readFile } from 'node:fs/promises';
import { type WasmBackend, wasm } from '@tessera/backend-wasm';
import { type Buffer, contiguousView, type Operand } from '@tessera/core';
import { about } from '../backend.ts';
import type { Contestant, Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import { jax } from '../kernels/jax.ts';
import { tessera } from '../kernels/tessera.ts';
import { tfjs } from '../kernels/tfjs.ts';

export const CALLS = 10_000;

/** The sum of two vectors by the backend alone, on operands made ready. */
export function sum(backend: WasmBackend, vectors: readonly Filled[]): Contestant {
  const operand = ({ shape, data }: Filled): Operand & { buffer: Buffer } => {
    const buffer = backend.allocate(data.byteLength);
    backend.write(buffer, new Uint8Array(data.buffer));
    return { buffer, dtype: 'float32', view: contiguousView(shape) };
  };
  const inputs = vectors.map(operand);
  const output = operand(vectors[0]!);
  const outputs = [output];
  return {
    ...about(backend),
    async step() {
      for (let i = 0; i < CALLS; i++) backend.execute('add', inputs, {}, outputs);
    },
    async check() {
      return meanMagnitude(new Float32Array((await backend.read(output.buffer, 0, output.buffer.byteLength)).buffer));
    },
    dispose: () => backend.dispose(),
  };
}

const meanMagnitude = (y: Float32Array): number => y.reduce((total, value) => total + Math.abs(value), 0) / y.length;

export function vectors(length: number): [Filled, Filled] {
  const fill = filler();
  return [fill([length], 1), fill([length], 1)];
}

type Add = (rows: number, length: number, ...addressesAndStrides: number[]) => void;

/** The same kernel with its numbers ready, in an instance of its own. */
async function kernelAlone([x, y]: readonly [Filled, Filled]): Promise<Contestant> {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });
  const bytes = await readFile(new URL('../../../packages/backend-wasm/build/simd.wasm', import.meta.url));
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(new Uint8Array(bytes)), { env: { memory } });
  const add = instance.exports['add_f32'] as Add;
  const { length } = x.data;
  // Tables of the kernels lie in the first page.
  const [a, b, c] = [0, 1, 2].map((i) => 65_536 + i * 4096) as [number, number, number];
  new Float32Array(memory.buffer, a, length).set(x.data);
  new Float32Array(memory.buffer, b, length).set(y.data);
  return {
    async step() {
      for (let i = 0; i < CALLS; i++) add(1, length, a, 0, 1, b, 0, 1, c);
    },
    check: async () => meanMagnitude(new Float32Array(memory.buffer, c, length)),
  };
}

/** A kernel of 16 numbers: called by way of the backend, which looks at shapes and strides, and alone. */
export const kernelCall: Work = {
  name: 'kernel call',
  contestants: [
    ['tessera wasm', async () => sum(await wasm(), vectors(16))],
    ['tessera wasm, the kernel alone', () => kernelAlone(vectors(16))],
  ],
  tolerance: 0,
  times: CALLS,
};

/** The same by way of tensors, op by op, where each library makes an array for the result. */
export const opCall: Work = {
  name: 'op of 16 numbers',
  contestants: [
    ['tessera wasm', async () => tessera({ name: '', inputs: () => [], tessera: (a, b) => a.add(b) }, vectors(16), CALLS, await wasm())],
    ['tfjs wasm', () => tfjs((_, a, b) => a.add(b), vectors(16), CALLS)],
    ['jax-js wasm', () => jax((_, a, b) => a.add(b), vectors(16), CALLS)],
  ],
  tolerance: 1e-5,
  times: CALLS,
};
