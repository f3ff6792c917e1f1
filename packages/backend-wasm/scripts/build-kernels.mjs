// Compiles the AssemblyScript kernels into src/generated (for bundlers: no file to find at run time) and build/*.wasm (for
// runtimes that only take precompiled modules), once for plain SIMD and once for relaxed. Does nothing when they are up to date.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipAsync } from '@gfx/zopfli';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'assembly');
const build = join(root, 'build');
const generated = join(root, 'src', 'generated');
const sources = readdirSync(assembly).sort();

const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
for (const file of sources) hash.update(file).update(readFileSync(join(assembly, file)));
const stamp = `// Sources: ${hash.digest('hex')}`;
const names = join(generated, 'names.ts');
const current = existsSync(names) && existsSync(join(build, 'relaxed-simd.wasm')) && readFileSync(names, 'utf8').startsWith(stamp);
if (current) process.exit(0);

console.log('Compiling the WebAssembly kernels …');
const began = performance.now();
const { chainPatterns, chains } = await import(join(assembly, 'chains.template.mjs'));
const { elementwise } = await import(join(assembly, 'elementwise.template.mjs'));
const { dispatch, exportedKernels } = await import(join(assembly, 'dispatch.template.mjs'));
const { exponentials } = await import(join(assembly, 'exponentials.template.mjs'));
const { gemmPanels } = await import(join(assembly, 'gemm.template.mjs'));
const texts = new Map(sources.filter((file) => file.endsWith('.ts')).map((file) => [file, readFileSync(join(assembly, file), 'utf8')]));
texts.set('chains.ts', chains());
texts.set('elementwise.ts', elementwise());
texts.set('panel.ts', gemmPanels());
texts.set('exponentials.ts', exponentials());
const kernels = exportedKernels(texts);
texts.set('dispatch.ts', dispatch(kernels));

const { default: asc } = await import('assemblyscript/asc');

/** Compiles the kernels for a set of instructions. */
async function compile(features) {
  const files = new Map();
  const options = [
    '--runtime',
    'stub',
    '--importMemory',
    '--maximumMemory',
    '65536',
    '-O2',
    '--shrinkLevel',
    '1',
    '--converge',
    // The locals that are used most get the lowest numbers: code alike becomes bytes alike, and an eighth less when compressed.
    '--runPasses',
    'coalesce-locals,reorder-locals',
    '--noAssert',
    '--use',
    'abort=',
  ];
  const { error, stderr } = await asc.main(
    ['index.ts', '-o', 'kernels.wasm', ...options, ...features.flatMap((feature) => ['--enable', feature])],
    {
      readFile: (name) => texts.get(name.replace(/^\.\//, '')) ?? null,
      writeFile: (name, data) => void files.set(name, data),
      listFiles: () => [],
    },
  );
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  return files.get('kernels.wasm');
}

/** Bytes in gzip's format, searched for the shortest (by a twentieth shorter than its highest level), as base64. */
async function compressed(bytes) {
  return Buffer.from(await gzipAsync(bytes, { numiterations: 15 })).toString('base64');
}

/** Where the module says what memory it imports: the byte that tells whether it is shared, behind the import's name and kind. */
function memoryFlagOf(wasm) {
  const at = Buffer.from(wasm).indexOf(Buffer.from('\x03env\x06memory\x02\x01', 'latin1'));
  if (at < 0) throw new Error('The module must import env.memory with a maximum');
  return at + 12;
}

mkdirSync(build, { recursive: true });
mkdirSync(generated, { recursive: true });
const builds = { simd: ['simd', 'threads'], 'relaxed-simd': ['simd', 'relaxed-simd', 'threads'] };
for (const [name, features] of Object.entries(builds)) {
  const wasm = await compile(features);
  writeFileSync(join(build, `${name}.wasm`), wasm);
  writeFileSync(
    join(generated, `${name}.ts`),
    `/** The kernels, compressed by gzip, as base64: text of what is not compressed weighs half as much again when it is sent. */
export const base64: string = '${await compressed(wasm)}';

/** How many bytes they are without that. */
export const byteLength: number = ${wasm.length};

/** Which byte of them says whether their memory is shared: 1 or 3. */
export const memoryFlag: number = ${memoryFlagOf(wasm)};
`,
  );
  console.log(`  ${name}: ${(wasm.length / 1024).toFixed(1)} kB`);
}
const list = [...kernels].filter(([, { result }]) => result === '');
const answers = [...kernels].filter(([, { result }]) => result !== '');
/** Kernels by what they take. */
function grouped(entries) {
  const groups = new Map();
  for (const [name, { parameters }] of entries) groups.set(parameters, [...(groups.get(parameters) ?? []), [name]]);
  return groups;
}
const union = (entries) => entries.map(([name]) => `'${name}'`).join(' | ');
writeFileSync(
  names,
  `${stamp}
/** The kernels: what works on tensors. Addresses and sizes are int32. */
export type KernelName = ${union(list)};

/** Functions that tell a number and change nothing. */
export type QueryName = ${union(answers)};

/** Chains of element-wise instructions that a kernel does in one loop, the longest first. */
export const chains: readonly Chain[] = [
${chainPatterns()
  .sort((a, b) => b.length - a.length)
  .map(
    ({ kernel, steps, length, outputs }) =>
      `  { kernel: '${kernel}', steps: '${steps}', length: ${length}, outputs: [${outputs.join(', ')}] },`,
  )
  .join('\n')}
];

/** A chain: the kernel takes (n, what is read by the first use, what is kept). See assembly/chains.template.mjs. */
export interface Chain {
  readonly kernel: KernelName;
  /** Each names its op and what it takes: v0 (a vector) or n0 (a number) by the place among what is read, 0 by the step that made it. */
  readonly steps: string;
  readonly length: number;
  /** The steps whose results are kept. */
  readonly outputs: readonly number[];
}

const namesBySignature: Readonly<Record<string, string>> = {
${[...grouped(list)].map(([signature, kernels]) => `  ${signature}: '${kernels.map(([name]) => name).join(' ')}',`).join('\n')}
};

/** What each kernel takes, a letter for each parameter: i int32 (h and b its lower bytes), f float32, d float64. Programs know kernels by their places here. */
export const signatures: Readonly<Record<KernelName, string>> = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ Object.entries(namesBySignature).flatMap(([signature, names]) => names.split(' ').map((name) => [name, signature])),
) as Record<KernelName, string>;
`,
);
console.log(`  ${list.length} kernels, ${((performance.now() - began) / 1000).toFixed(1)} s`);
