// What a bundle of built packages weighs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './setup.mjs';

/** The packages with which a browser trains. */
export const together = ['tensor', 'autograd', 'capture', 'layers', 'losses', 'optim', 'train', 'backend-wasm'];
/** All that they have. */
export const training = entryOf(together.map((name) => `export * as ${name.replace('-', '')} from '@tessera/${name}';`).join('\n'));

/** What the README's first program uses of them. */
export function readmeProgram() {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'));
  return entryOf(program);
}

function entryOf(contents) {
  return {
    stdin: { contents: contents.replace(/'@tessera\/([\w-]+)'/g, "'./packages/$1/dist/index.js'"), resolveDir: root, loader: 'ts' },
  };
}

/** Kilobytes, minified and gzipped, of what is always loaded, and of the largest of what is imported on demand: of variants one is. */
export async function weigh(entry) {
  const { outputFiles, metafile } = await build({
    ...entry,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    outdir: root,
    absWorkingDir: root,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    external: ['node:*'],
    logLevel: 'silent',
  });
  const { outputs } = metafile;
  const sizeOf = (path) => gzipSync(outputFiles.find((file) => file.path === join(root, path)).contents).length;
  const closure = (path, seen = new Set()) => {
    if (seen.has(path) || !outputs[path]) return seen;
    seen.add(path);
    for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') closure(next, seen);
    return seen;
  };
  const always = closure(Object.keys(outputs).find((path) => /(dist\/index\.js|<stdin>)$/.test(outputs[path].entryPoint ?? '')));
  const sum = (paths) => [...paths].reduce((total, path) => total + sizeOf(path), 0);
  const demanded = [...always].flatMap((path) => outputs[path].imports.filter(({ kind }) => kind === 'dynamic-import'));
  const variants = demanded.map(({ path }) => sum([...closure(path)].filter((part) => !always.has(part))));
  return (sum(always) + Math.max(0, ...variants)) / 1000;
}
