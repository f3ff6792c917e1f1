/**
 * The part that needs Node: files.
 *
 * @module @tessera/formats/node
 */

import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError, StateError } from '@tessera/core';

/**
 * Writes a file whole or not at all: to a temporary one in the same folder, flushed, then renamed over the old one.
 * Where `path` is a link, what it points to is replaced; the old file's permissions are kept.
 *
 * @throws StateError if the disk is full or the folder cannot be written; what was there before is untouched.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.partial`);
  try {
    const mode = (await stat(target).catch(() => undefined))?.mode ?? 0o666;
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : (cause as Error).message;
    throw new StateError(`[writeFileAtomic] ${path} could not be written: ${reason}. What was there before is untouched.`, { cause });
  }
  await syncFolder(dirname(target));
}

/** A rename lasts through a power cut once its folder is flushed; not every system can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * Reads a file of at most `maxBytes` (default 2 GiB).
 *
 * @throws StateError if there is no such file, FormatError if it is larger.
 */
export async function readFileLimited(path: string, maxBytes: number = 2 ** 31): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (cause as Error).message;
    throw new StateError(`[readFileLimited] ${path} could not be read: ${reason}. Check the path.`, { cause });
  });
  try {
    const status = await file.stat();
    // Devices and pipes may never end.
    if (!status.isFile())
      throw new StateError(
        `[readFileLimited] ${path} must be a file: got ${status.isDirectory() ? 'a folder' : 'a device'}. Check the path.`,
      );
    if (status.size > maxBytes)
      throw new FormatError(
        `[readFileLimited] ${path} must not exceed ${maxBytes} bytes: got ${status.size}. Pass a larger limit to read it.`,
      );
    return await file.readFile();
  } finally {
    await file.close();
  }
}
