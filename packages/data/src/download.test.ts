import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { download } from './download.ts';

const content = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7) % 251);
const checksum = { algorithm: 'sha256', value: createHash('sha256').update(content).digest('hex') } as const;
let breakOff = false;
let hang = false;
const ranges: (string | undefined)[] = [];

const answer = (range: string | undefined, response: ServerResponse): void => {
  const start = range ? Number(/\d+/.exec(range)![0]) : 0;
  const rest = content.subarray(start);
  response.writeHead(range ? 206 : 200, { 'content-length': rest.length });
  if (hang) response.write(rest.subarray(0, 1000));
  else if (breakOff) response.write(rest.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 100));
  else response.end(rest);
};

describe('download', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/none') return void response.writeHead(404).end();
      ranges.push(request.headers.range);
      if (request.url === '/never' || (request.url === '/shrunk' && request.headers.range)) return void response.writeHead(416).end();
      answer(request.headers.range, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = (): string => mkdtempSync(join(tmpdir(), 'download-'));

  it('downloads once, with progress, and uses what is there', async () => {
    const options = { url: `${url}/data.bin`, checksum, folder: folder() };
    let last = 0;
    const path = await download({ ...options, onProgress: ({ received }) => (last = received) });
    expect(last).toBe(content.length);
    expect(new Uint8Array(readFileSync(path))).toEqual(content);
    const before = ranges.length;
    await download(options);
    expect(ranges.length).toBe(before);
  });

  it('says when the connection breaks off, and goes on from there', async () => {
    const options = { url: `${url}/data.bin`, checksum, folder: folder() };
    breakOff = true;
    await expect(download(options)).rejects.toThrow(/broke off: .* What was received is kept; call again to continue/);
    breakOff = false;
    expect(readdirSync(options.folder)).toEqual(['data.bin.partial']);
    const path = await download(options);
    expect(ranges.at(-1)).toBe('bytes=20000-');
    expect(new Uint8Array(readFileSync(path))).toEqual(content);
  });

  it('never puts a wrong file in the place of a good one', async () => {
    const options = { url: `${url}/data.bin`, folder: folder() };
    writeFileSync(join(options.folder, 'data.bin'), 'good');
    const wrong = { algorithm: 'sha256', value: '00' } as const;
    await expect(download({ ...options, checksum: wrong })).rejects.toThrow(/the sha256 of .* must be 00: got/);
    expect(readFileSync(join(options.folder, 'data.bin'), 'utf8')).toBe('good');
    expect(readdirSync(options.folder)).toEqual(['data.bin']);
  });

  it('begins again, once, where what was received fits no longer', async () => {
    const options = { url: `${url}/shrunk`, checksum, folder: folder() };
    writeFileSync(join(options.folder, 'shrunk.partial'), 'of an older file');
    expect(new Uint8Array(readFileSync(await download(options)))).toEqual(content);
    await expect(download({ url: `${url}/never`, checksum, folder: folder() })).rejects.toThrow(/must be there: got status 416/);
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full, and leaves what was there', async () => {
    const options = { url: `${url}/data.bin`, checksum, folder: folder() };
    writeFileSync(join(options.folder, 'data.bin'), 'good');
    symlinkSync('/dev/full', join(options.folder, 'data.bin.partial'));
    await expect(download(options)).rejects.toThrow(/data\.bin\.partial could not be written: the disk is full/);
    expect(readFileSync(join(options.folder, 'data.bin'), 'utf8')).toBe('good');
  });

  it('refuses what is not there or too large, and stops on a signal', async () => {
    await expect(download({ url: `${url}/none`, checksum, folder: folder() })).rejects.toThrow(/must be there: got status 404/);
    await expect(download({ url: `${url}/data.bin`, checksum, folder: folder(), maxBytes: 10 })).rejects.toThrow(
      /must not exceed 10 bytes/,
    );
    hang = true;
    const controller = new AbortController();
    const pending = download({
      url: `${url}/data.bin`,
      checksum,
      folder: folder(),
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(pending).rejects.toThrow(/abort/i);
    hang = false;
  });
});
