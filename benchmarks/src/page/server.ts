import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage, type Files, fileServer, listen } from '@tessera/examples/browser/bundled.ts';

const peers = fileURLToPath(new URL('../../peers/node_modules', import.meta.url));

/** Whether the other libraries are installed: only the benchmark's own command does that. Without them the page says that they fail. */
export const hasPeers: boolean = existsSync(peers);

const files = (): Promise<Files> =>
  bundlePage(new URL('.', import.meta.url), {
    entryPoints: ['page.ts', 'worker.ts', 'style.css'],
    ...(hasPeers ? { nodePaths: [peers] } : { external: ['@tensorflow/*', '@jax-js/*'] }),
  });

/** A server of the page, not yet listening. The page is isolated from others, so that WebAssembly may use threads. */
export async function pageServer(): Promise<Server> {
  const bundled = await files();
  return fileServer(
    (path) => bundled.get(path),
    () => true,
  );
}

/** Serves the page until it is ended, or writes it to a folder that any server of files can serve. */
export async function offerPage(folder?: string): Promise<void> {
  if (folder === undefined) {
    console.log(`Open ${await listen(await pageServer())}\nCtrl-C ends it.`);
    return;
  }
  mkdirSync(folder, { recursive: true });
  for (const [path, { body }] of await files()) writeFileSync(join(folder, path === '/' ? 'index.html' : path), body);
  console.log(`The page is in ${folder}.`);
}
