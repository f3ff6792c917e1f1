import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readIdx } from '@tessera/data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitDigits } from '../digits/data.ts';
import { pageServer } from './server.ts';

let server: Server;
const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
beforeAll(async () => {
  server = await pageServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

it('serves the page and what it asks for', async () => {
  const html = await (await get('/')).text();
  for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]+)"/g)) expect((await get(path!)).status, path).toBe(200);
  expect((await get('/worker.js')).headers.get('content-type')).toBe('text/javascript');
});

it('serves the digits as bytes', async () => {
  const { train } = splitDigits();
  const read = async (file: string) => readIdx(new Uint8Array(await (await get(`/data/digits/${file}`)).arrayBuffer()));
  const [images, labels] = [await read('train-images'), await read('train-labels')];
  expect(images.shape).toEqual(train.columns.x.shape);
  expect(labels).toEqual(train.columns.y);
  const bytes = images.data as Uint8Array;
  const away = bytes.reduce((most, byte, i) => Math.max(most, Math.abs(byte / 255 - train.columns.x.data[i]!)), 0);
  expect(away).toBeLessThan(0.5 / 255 + 1e-6);
  expect(await (await get('/data/fashion-mnist/classes')).json()).toHaveLength(10);
});

it('serves nothing else', async () => {
  for (const path of ['/main.ts', '/../package.json', '/data/digits/passwd', '/data/constructor/classes']) {
    expect((await get(path)).status, path).toBe(404);
  }
});

it('isolates the page only where it is asked to', async () => {
  const isolation = async (path: string) => {
    const { headers } = await get(path);
    return [headers.get('cross-origin-opener-policy'), headers.get('cross-origin-embedder-policy')];
  };
  expect(await isolation('/')).toEqual([null, null]);
  expect(await isolation('/?threads')).toEqual(['same-origin', 'require-corp']);
});

it('is what the example runs', async () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@tessera/source', '--import', 'tsx', main], { env: { ...process.env, PORT: '0' } });
  try {
    const [output] = (await once(child.stdout, 'data')) as [Buffer];
    const [, address] = /^Open (\S+)/.exec(output.toString())!;
    expect(await (await fetch(address!)).text()).toContain('<h1>Tessera</h1>');
  } finally {
    child.kill();
  }
});
