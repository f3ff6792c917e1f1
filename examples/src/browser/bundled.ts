import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A file as a server sends it. */
export interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** The files of a page by their paths, `/` the page itself. */
export type Files = ReadonlyMap<string, Served>;

export interface BundleOptions {
  readonly entryPoints: readonly string[];
  /** Folders beside the usual ones where packages are looked for. */
  readonly nodePaths?: readonly string[];
  /** Packages that are left out. */
  readonly external?: readonly string[];
}

/** A page with its scripts and styles, which lie beside it in the folder `from`, bundled by esbuild as it comes. */
export async function bundlePage(from: URL, { entryPoints, nodePaths = [], external = [] }: BundleOptions): Promise<Files> {
  const at = (path: string): string => fileURLToPath(new URL(path, from));
  const { outputFiles } = await build({
    entryPoints: entryPoints.map(at),
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    conditions: ['@tessera/source'],
    nodePaths: [...nodePaths],
    external: [...external],
  });
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: await readFile(at('index.html'), 'utf8') }],
    ...outputFiles.map(({ path, text }): [string, Served] => [
      `/${basename(path)}`,
      { type: path.endsWith('.css') ? 'text/css' : 'text/javascript', body: text },
    ]),
  ]);
}

/** A server that answers with files, not yet listening. What isolates a page from others is asked for by the requests for which `isolates`. */
export function fileServer(
  find: (path: string) => Promise<Served | undefined> | Served | undefined,
  isolates: (url: URL) => boolean,
): Server {
  return createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const isolated: Record<string, string> = isolates(url) ? { 'cross-origin-opener-policy': 'same-origin' } : {};
    // A worker's script must ask for what its page asks for; to a page that asks for nothing it makes no difference.
    if (url.pathname !== '/' || isolates(url)) isolated['cross-origin-embedder-policy'] = 'require-corp';
    const answer = (status: number, { type, body }: Served): void => {
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
      response.writeHead(status, { 'content-type': type, 'content-length': length, 'cache-control': 'no-cache', ...isolated }).end(body);
    };
    const plain = (body: string): Served => ({ type: 'text/plain; charset=utf-8', body });
    Promise.resolve(find(url.pathname)).then(
      (served) => (served ? answer(200, served) : answer(404, plain(`There is no ${url.pathname}`))),
      (error: Error) => answer(503, plain(error.message)),
    );
  });
}

/** Lets a server listen on this machine, at PORT or its usual port, or at another one where that is taken; its address. */
export async function listen(server: Server): Promise<string> {
  server.once('error', () => server.listen(0, '127.0.0.1'));
  const listening = new Promise((resolve) => server.once('listening', resolve));
  server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
  await listening;
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}
