import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { DataError } from '@tessera/core';

/** How far a download has come, in bytes. */
export interface DownloadProgress {
  readonly received: number;
  /** Unknown where the server does not say. */
  readonly total: number | undefined;
}

/** Options of {@link download}. */
export interface DownloadOptions {
  readonly url: string;
  /** Checksum in hexadecimal, of one of the algorithms. */
  readonly checksum: { readonly algorithm: 'md5' | 'sha256'; readonly value: string };
  /** Default: the last part of the address. */
  readonly fileName?: string;
  /** Default: {@link cacheFolder}. */
  readonly folder?: string;
  /** Default 4 GiB. */
  readonly maxBytes?: number;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Where downloads are kept: `TESSERA_CACHE`, else `tessera` in the user's cache folder. */
export function cacheFolder(): string {
  return process.env['TESSERA_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tessera');
}

/**
 * The path of a file in the cache, downloaded if it is not there. What an earlier attempt had received is continued;
 * the file takes its name only when its checksum is right.
 *
 * @throws DataError if the server refuses, the connection breaks off, the disk is full, or the checksum differs.
 */
export async function download({
  url,
  checksum,
  fileName = basename(new URL(url).pathname),
  folder = cacheFolder(),
  maxBytes = 2 ** 32,
  onProgress,
  signal,
}: DownloadOptions): Promise<string> {
  const path = join(folder, fileName);
  if ((await sizeOf(path)) !== undefined && (await digest(path, checksum.algorithm)) === checksum.value) return path;
  await mkdir(folder, { recursive: true });
  const partial = `${path}.partial`;
  await receive(url, partial, maxBytes, onProgress, signal);
  const got = await digest(partial, checksum.algorithm);
  if (got !== checksum.value) {
    await rm(partial);
    throw new DataError(
      `[download] the ${checksum.algorithm} of ${url} must be ${checksum.value}: got ${got}. The file has changed or was damaged on the way.`,
    );
  }
  await rename(partial, path);
  return path;
}

async function receive(
  url: string,
  partial: string,
  maxBytes: number,
  onProgress: DownloadOptions['onProgress'],
  signal?: AbortSignal,
): Promise<void> {
  let start = (await sizeOf(partial)) ?? 0;
  const headers: HeadersInit = start > 0 ? { range: `bytes=${start}-` } : {};
  const failed = (cause: unknown): DataError =>
    new DataError(`[download] ${url} broke off: ${(cause as Error).message}. What was received is kept; call again to continue.`, {
      cause,
    });
  let response: Response;
  try {
    response = await fetch(url, { headers, ...(signal ? { signal } : {}) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw failed(cause);
  }
  // What was received does not fit what is there now: once more from the beginning.
  if (response.status === 416 && start > 0) {
    await rm(partial);
    return receive(url, partial, maxBytes, onProgress, signal);
  }
  if (!response.ok || !response.body) throw new DataError(`[download] ${url} must be there: got status ${response.status}`);
  if (response.status !== 206) start = 0;
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  if ((total ?? 0) > maxBytes) throw new DataError(`[download] ${url} must not exceed ${maxBytes} bytes: got ${total}`);

  const file = await open(partial, start > 0 ? 'a' : 'w');
  let received = start;
  try {
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      received += part.length;
      if (received > maxBytes) throw new DataError(`[download] ${url} must not exceed ${maxBytes} bytes`);
      await file.writeFile(part).catch((cause: NodeJS.ErrnoException) => {
        throw unwritable(partial, cause);
      });
      onProgress?.({ received, total });
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw DataError.is(cause) ? cause : failed(cause);
  } finally {
    await file.close();
  }
  if (total !== undefined && received < total) throw failed(new Error(`${received} of ${total} bytes`));
}

function unwritable(path: string, cause: NodeJS.ErrnoException): DataError {
  const reason = cause.code === 'ENOSPC' ? 'the disk is full' : cause.message;
  return new DataError(`[download] ${path} could not be written: ${reason}. What was received is kept; call again to continue.`, { cause });
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

async function digest(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
