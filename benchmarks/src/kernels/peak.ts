import { wasm } from '@tessera/backend-wasm';
import asc from 'assemblyscript/asc';
import type { Contestant, Work } from '../contest.ts';

// Chains that wait only for themselves, as many as fit into registers beside what they are multiplied by and get added: of 8 to 14, and
// 1 to 8 times unrolled, the fastest of each build.
const CHAINS: Readonly<Record<string, number>> = { simd: 14, 'relaxed-simd': 13 };
const UNROLLED = 4;

function sourceOf(build: string): string {
  const chains = Array.from({ length: CHAINS[build]! }, (_, i) => i);
  const step = (i: number): string =>
    build === 'simd' ? `c${i} = f32x4.add(f32x4.mul(c${i}, x), y);` : `c${i} = f32x4.relaxed_madd(c${i}, x, y);`;
  // Factor and summand are no constants: the engine would make those anew at every use.
  return `export function spin(n: i32, a: f32, b: f32): f32 {
  const x = f32x4.splat(a), y = f32x4.splat(b);
  ${chains.map((i) => `let c${i} = f32x4.splat(${i}.5);`).join(' ')}
  for (; n > 0; n--) { ${chains.map(step).join(' ').repeat(UNROLLED)} }
  return f32x4.extract_lane(${chains.map((i) => `c${i}`).reduce((sum, c) => `f32x4.add(${sum}, ${c})`)}, 0);
}`;
}

type Spin = (turns: number, factor: number, summand: number) => number;

async function compile(build: string): Promise<Spin> {
  const files = new Map<string, Uint8Array>();
  const { error } = await asc.main(
    ['spin.ts', '-o', 'spin.wasm', '--runtime', 'stub', '--enable', 'simd', ...(build === 'simd' ? [] : ['--enable', build]), '-O3'],
    {
      readFile: (name) => (name === 'spin.ts' ? sourceOf(build) : null),
      writeFile: (name, data) => void files.set(name, data as Uint8Array),
      listFiles: () => [],
    },
  );
  if (error) throw error;
  const { instance } = await WebAssembly.instantiate(files.get('spin.wasm') as Uint8Array<ArrayBuffer>);
  return instance.exports['spin'] as Spin;
}

let compiled: Promise<{ build: string; spin: Spin }> | undefined;

/** As many products and sums as `flops` says, in registers alone, by the instructions that our kernels were compiled for. */
export async function peak(flops: number): Promise<Contestant> {
  compiled ??= (async () => {
    const backend = await wasm();
    const { build } = backend;
    backend.dispose();
    return { build, spin: await compile(build) };
  })();
  const { build, spin } = await compiled;
  const turns = Math.ceil(flops / (CHAINS[build]! * UNROLLED * 8));
  return {
    build,
    async step() {
      spin(turns, 0.999, 0.001);
    },
  };
}

const FLOPS = 2e8;

/** What the machine can do in registers alone. */
export const machine: Work = { name: 'peak', contestants: [['peak', () => peak(FLOPS)]], tolerance: 0, flops: FLOPS };
