import { wasm } from '@tessera/backend-wasm';
import asc from 'assemblyscript/asc';
import type { Contestant } from '../contest.ts';

// Chains that wait only for themselves, as many as fit into registers: of 10 to 14, and 1 to 8 times unrolled, the fastest.
const CHAINS = 14;
const UNROLLED = 4;
const chains = Array.from({ length: CHAINS }, (_, i) => i);
const RELAXED = 'relaxed-simd';
const step = (i: number, build: string): string =>
  build === RELAXED ? `c${i} = f32x4.relaxed_madd(c${i}, x, y);` : `c${i} = f32x4.add(f32x4.mul(c${i}, x), y);`;
const sourceOf = (build: string): string => `export function spin(n: i32): f32 {
  const x = f32x4.splat(0.999), y = f32x4.splat(0.001);
  ${chains.map((i) => `let c${i} = f32x4.splat(${i}.5);`).join(' ')}
  for (; n > 0; n--) { ${chains
    .map((i) => step(i, build))
    .join(' ')
    .repeat(UNROLLED)} }
  return f32x4.extract_lane(${chains.map((i) => `c${i}`).reduce((sum, c) => `f32x4.add(${sum}, ${c})`)}, 0);
}`;

/** As many products and sums as `flops` says, in registers alone, by the instructions that our kernels were compiled for. */
export async function peak(flops: number): Promise<Contestant> {
  const backend = await wasm();
  const { build } = backend;
  backend.dispose();
  const files = new Map<string, Uint8Array>();
  const { error } = await asc.main(
    ['spin.ts', '-o', 'spin.wasm', '--runtime', 'stub', '--enable', 'simd', ...(build === RELAXED ? ['--enable', RELAXED] : []), '-O3'],
    {
      readFile: (name) => (name === 'spin.ts' ? sourceOf(build) : null),
      writeFile: (name, data) => void files.set(name, data as Uint8Array),
      listFiles: () => [],
    },
  );
  if (error) throw error;
  const { instance } = await WebAssembly.instantiate(files.get('spin.wasm') as Uint8Array<ArrayBuffer>);
  const spin = instance.exports['spin'] as (n: number) => number;
  const turns = Math.ceil(flops / (CHAINS * UNROLLED * 8));
  return {
    build,
    async step() {
      spin(turns);
    },
  };
}
