import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FormatError } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { column } from './column/column.ts';
import { loadCifar10 } from './cifar10.ts';
import { dataFolder } from './data-folder.ts';
import { gunzip, readCifar10, readIdx } from './readers.ts';

const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

describe('readers', () => {
  it('reads IDX, and refuses it cut off at any byte', () => {
    expect(readIdx(idx)).toEqual(column(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]));
    expect(() => readIdx(Uint8Array.of(0, 0, 8, 0, 1))).toThrow(FormatError);
    for (let length = 0; length < idx.length; length++) expect(() => readIdx(idx.slice(0, length))).toThrow(FormatError);
    expect(() => readIdx(gzipSync(idx))).toThrow(/Is it still compressed/);
  });

  it('decompresses within a limit', async () => {
    expect(await gunzip(gzipSync(idx))).toEqual(idx);
    await expect(gunzip(gzipSync(new Uint8Array(100_000)), 1000)).rejects.toThrow(/must not exceed 1000 bytes/);
    await expect(gunzip(gzipSync(idx).subarray(0, 12))).rejects.toThrow(FormatError);
  });

  it('reads CIFAR-10 with channels last', () => {
    const record = new Uint8Array(3073);
    record[0] = 7;
    record[1] = 10;
    record[1 + 1024] = 20;
    record[1 + 2048] = 30;
    const { x, y } = readCifar10(record);
    expect(x.shape).toEqual([1, 32, 32, 3]);
    expect([...x.data.subarray(0, 4)]).toEqual([10, 20, 30, 0]);
    expect([...y.data]).toEqual([7]);
    expect(() => readCifar10(record.subarray(1))).toThrow(/cut off or damaged/);
    record[0] = 10;
    expect(() => readCifar10(record)).toThrow(/labels are from 0 to 9: got 10 in record 0/);
  });

  const folder = dataFolder('fashion-mnist');
  it.skipIf(!folder)('reads Fashion-MNIST (needs TESSERA_DATA)', async () => {
    const read = async (name: string) => readIdx(await gunzip(readFileSync(join(folder!, name))));
    expect((await read('t10k-images-idx3-ubyte.gz')).shape).toEqual([10_000, 28, 28]);
    expect((await read('t10k-labels-idx1-ubyte.gz')).shape).toEqual([10_000]);
  });

  it.skipIf(!dataFolder('cifar10-12k'))('loads CIFAR-10 from a folder (needs TESSERA_DATA)', async () => {
    const { train, test } = await loadCifar10();
    expect([train.length, test.length]).toEqual([10_000, 2_000]);
    expect(existsSync(dataFolder('cifar10-12k')!)).toBe(true);
  });
});
