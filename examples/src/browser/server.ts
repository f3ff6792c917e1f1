import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { SetName } from './messages.ts';
import { type PictureFiles, sets } from './pictures.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** The page, its styles and its worker, bundled by esbuild as it comes. */
async function bundle(): Promise<Map<string, Served>> {
  const { outputFiles } = await build({
    entryPoints: [at('page/page.ts'), at('worker/worker.ts'), at('style.css')],
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    conditions: ['@tessera/source'],
  });
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: await readFile(at('index.html'), 'utf8') }],
    ...outputFiles.map(({ path, text }): [string, Served] => [
      `/${basename(path)}`,
      { type: path.endsWith('.css') ? 'text/css' : 'text/javascript', body: text },
    ]),
  ]);
}

/** Files of the sets, which are loaded when first asked for. */
function pictureFiles(): (path: string) => Promise<Served | undefined> {
  const loaded = new Map<SetName, Promise<PictureFiles>>();
  const load = (name: SetName): Promise<PictureFiles> => {
    const known = loaded.get(name);
    if (known) return known;
    const loading = sets[name].load();
    loaded.set(name, loading);
    // So that the next request tries again.
    loading.catch(() => loaded.delete(name));
    return loading;
  };
  return async (path) => {
    const [, name, file] = /^\/data\/([a-z-]+)\/([a-z-]+)$/.exec(path) ?? [];
    if (!name || !file || !Object.hasOwn(sets, name)) return undefined;
    if (file === 'classes') return { type: 'application/json', body: JSON.stringify(sets[name as SetName].classes) };
    const files = await load(name as SetName);
    return Object.hasOwn(files, file) ? { type: 'application/octet-stream', body: files[file as keyof typeof files] } : undefined;
  };
}

/** A server of the page, not yet listening. `/?threads` is cross-origin isolated, so that WebAssembly may use threads; `/` is not. */
export async function pageServer(): Promise<Server> {
  const [files, pictures] = [await bundle(), pictureFiles()];
  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const isolated: Record<string, string> = searchParams.has('threads') ? { 'cross-origin-opener-policy': 'same-origin' } : {};
    // A worker's script must ask for what its page asks for; to a page that asks for nothing it makes no difference.
    if (pathname !== '/' || searchParams.has('threads')) isolated['cross-origin-embedder-policy'] = 'require-corp';
    const answer = (status: number, { type, body }: Served): void => {
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      response.writeHead(status, { 'content-type': type, 'content-length': length, 'cache-control': 'no-cache', ...isolated }).end(body);
    };
    const plain = (body: string): Served => ({ type: 'text/plain; charset=utf-8', body });
    Promise.resolve(files.get(pathname) ?? pictures(pathname)).then(
      (served) => (served ? answer(200, served) : answer(404, plain(`There is no ${pathname}`))),
      (error: Error) => answer(503, plain(error.message)),
    );
  });
}
