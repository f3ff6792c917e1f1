import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, program } from './program.ts';

const executablePath = process.env['TESSERA_CHROMIUM'];
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the page loads: the sources bundled by esbuild as it comes, without a plugin. */
async function files(): Promise<Map<string, [type: string, body: string | Uint8Array]>> {
  const { outputFiles } = await build({
    entryPoints: [at('page.ts'), at('worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    conditions: ['@tessera/source'],
  });
  const kernels = readFileSync(at('../../../packages/backend-wasm/build/simd.wasm'));
  return new Map<string, [string, string | Uint8Array]>([
    ['/', ['text/html', html]],
    ['/open', ['text/html', html]],
    ['/simd.wasm', ['application/wasm', kernels]],
    ...outputFiles.map(({ path, text }) => [`/${path.split(/[\\/]/).at(-1)}`, ['text/javascript', text]] as [string, [string, string]]),
  ]);
}

const html = '<!doctype html><title>Tessera</title><script type="module" src="/page.js"></script>';
/** What isolates a page from others, so that it may share memory with its workers. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

describe.skipIf(!executablePath)('in Chromium', () => {
  const server = createServer();
  let browser: Browser;
  beforeAll(async () => {
    const served = await files();
    server.on('request', ({ url }, response) => {
      const [type, body] = served.get(url!) ?? ['text/plain', ''];
      response.writeHead(served.has(url!) ? 200 : 404, { 'content-type': type, ...(url === '/open' ? {} : isolation) }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
  });

  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    await page.waitForFunction('globalThis.run');
    return page;
  };

  it('threads are used where the page is isolated, and else one', async () => {
    expect(await (await open('/')).evaluate('threads()')).toBe(2);
    expect(await (await open('/open')).evaluate('threads()')).toBe(1);
  });

  it('a page and its worker train to the same bits as Node', async () => {
    const page = await open('/');
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const outcomes = await page.evaluate<Record<string, Outcome>>('run()');
    const here = await program({ deterministic: true });
    expect(errors).toEqual([]);
    expect(here.losses[1]).toBeLessThan(here.losses[0]!);
    expect(here.liveBytesAfterDispose).toBe(0);
    expect(outcomes).toEqual({ page: here, streamed: here, worker: here, shared: here });
  });
});
