import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * A program for a process of its own, made of sources once and ahead: what compiles them would count among its memory and time. It lies
 * in `benchmarks/.tessera`, from where the peers are found as from `benchmarks/src`.
 */
export async function bundle(entry: URL): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { metafile } = await build({
    entryPoints: [fileURLToPath(entry)],
    outdir: `${root}.tessera`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@tessera/source'],
    outExtension: { '.js': '.mjs' },
    external: ['assemblyscript'],
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
  });
  const [path] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint !== undefined)!;
  return root + path;
}
