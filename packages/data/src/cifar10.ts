import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackTar } from 'modern-tar';
import { ArrayDataset } from './dataset/array-dataset.ts';
import { download, type DownloadOptions } from './download.ts';
import { dataFolder, type LabelledImages } from './data-folder.ts';
import { gunzip, readCifar10 } from './readers.ts';

/** The names of CIFAR-10's classes, in the order of its labels. */
export const cifar10Classes: readonly string[] = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/**
 * CIFAR-10, images `[N, 32, 32, 3]`: `cifar10-12k` (10,000 and 2,000 images) under `TESSERA_DATA`, else all 60,000 from their official place.
 *
 * @see Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
 */
export async function loadCifar10(
  options: Pick<DownloadOptions, 'onProgress' | 'signal'> = {},
): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const local = dataFolder('cifar10-12k');
  const read = async (name: string): Promise<Uint8Array> => readFile(join(local!, name));
  if (local)
    return { train: new ArrayDataset(readCifar10(await read('train.bin'))), test: new ArrayDataset(readCifar10(await read('test.bin'))) };
  const path = await download({
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    checksum: { algorithm: 'md5', value: 'c32a1d4ab5d03f1284b67883e8d87530' },
    ...options,
  });
  const entries = await unpackTar(await gunzip(await readFile(path)));
  const batch = (name: string): Uint8Array => entries.find(({ header }) => header.name.endsWith(name))!.data!;
  const parts = [1, 2, 3, 4, 5].map((n) => batch(`data_batch_${n}.bin`));
  return { train: new ArrayDataset(readCifar10(Buffer.concat(parts))), test: new ArrayDataset(readCifar10(batch('test_batch.bin'))) };
}
