// Compiles the AssemblyScript kernels into src/generated/kernels.ts (for bundlers: no file to find at run time) and
// build/kernels.wasm (for runtimes that only take precompiled modules). Does nothing when both are up to date.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'assembly');
const build = join(root, 'build');
const module = join(root, 'src', 'generated', 'kernels.ts');
const sources = readdirSync(assembly).sort();

const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
for (const file of sources) hash.update(file).update(readFileSync(join(assembly, file)));
const stamp = `// Sources: ${hash.digest('hex')}`;
const current = existsSync(module) && existsSync(join(build, 'kernels.wasm')) && readFileSync(module, 'utf8').startsWith(stamp);
if (current) process.exit(0);

console.log('Compiling the WebAssembly kernels …');
const began = performance.now();
const { elementwise } = await import(join(assembly, 'elementwise.template.mjs'));
const { gemmPanels } = await import(join(assembly, 'gemm.template.mjs'));
const texts = new Map(sources.filter((file) => file.endsWith('.ts')).map((file) => [file, readFileSync(join(assembly, file), 'utf8')]));
texts.set('elementwise.ts', elementwise());
texts.set('panel.ts', gemmPanels());

const { default: asc } = await import('assemblyscript/asc');
const files = new Map();
const { error, stderr } = await asc.main(
  ['index.ts', '-o', 'kernels.wasm', '--runtime', 'stub', '--importMemory', '--enable', 'simd', '-O3', '--noAssert', '--use', 'abort='],
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
const wasm = files.get('kernels.wasm');
const names = WebAssembly.Module.exports(new WebAssembly.Module(wasm))
  .filter(({ kind }) => kind === 'function')
  .map(({ name }) => name);
mkdirSync(build, { recursive: true });
mkdirSync(dirname(module), { recursive: true });
writeFileSync(join(build, 'kernels.wasm'), wasm);
writeFileSync(
  module,
  `${stamp}
/** The kernels as base64. */
export const base64: string = '${Buffer.from(wasm).toString('base64')}';

/** What the module exports. Addresses and sizes are int32. */
export type KernelName = ${names.map((name) => `'${name}'`).join(' | ')};
`,
);
console.log(`  ${names.length} kernels, ${(wasm.length / 1024).toFixed(1)} kB, ${((performance.now() - began) / 1000).toFixed(1)} s`);
