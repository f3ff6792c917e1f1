import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArrayDataset } from './dataset/array-dataset.ts';
import { column, type Column } from './column/column.ts';
import { dataFolder, type LabelledImages } from './data-folder.ts';
import { download, type DownloadOptions } from './download.ts';
import { gunzip, readIdx } from './readers.ts';

type Parts = 'train-images' | 'train-labels' | 't10k-images' | 't10k-labels';

/** Where four IDX files come from. */
interface Source {
  readonly name: string;
  /** Under `TESSERA_DATA`: the folder, and how its training files begin. */
  readonly local: readonly [folder: string, train: string];
  readonly url: string;
  readonly md5: Readonly<Record<Parts, string>>;
}

const mnist: Source = {
  name: 'mnist',
  local: ['mnist-20k', 'train10k'],
  url: 'https://ossci-datasets.s3.amazonaws.com/mnist/',
  md5: {
    'train-images': 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    'train-labels': 'd53e105ee54ea40749a09fcbcd1e9432',
    't10k-images': '9fb629c4189551a2d022fa330f9573f3',
    't10k-labels': 'ec29112dd5afa0611ce80d1b7f02629c',
  },
};
const fashionMnist: Source = {
  name: 'fashion-mnist',
  local: ['fashion-mnist', 'train'],
  url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  md5: {
    'train-images': '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    'train-labels': '25c81989df183df01b3e8a0aad5dffbe',
    't10k-images': 'bef4ecab320f06d8554ea6380940ec79',
    't10k-labels': 'bb300cfdad3c16e7a12a480ee83cd310',
  },
};

type Loaded = Promise<{ train: LabelledImages; test: LabelledImages }>;
type LoadOptions = Pick<DownloadOptions, 'onProgress' | 'signal'>;

/**
 * Handwritten digits `[N, 28, 28, 1]`: `mnist-20k` (10,000 and 10,000) under `TESSERA_DATA`, else all 70,000, downloaded.
 *
 * @see LeCun, Cortes, Burges 1998, "The MNIST database of handwritten digits".
 */
export function loadMnist(options?: LoadOptions): Loaded {
  return load(mnist, options);
}

/**
 * Pictures of clothes `[N, 28, 28, 1]`, 60,000 and 10,000: from `TESSERA_DATA`, else downloaded.
 *
 * @see Xiao, Rasul, Vollgraf 2017, "Fashion-MNIST". https://arxiv.org/abs/1708.07747
 */
export function loadFashionMnist(options?: LoadOptions): Loaded {
  return load(fashionMnist, options);
}

/** The names of Fashion-MNIST's classes, in the order of its labels. */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

async function load({ name, local: [folder, prefix], url, md5 }: Source, options: LoadOptions = {}): Loaded {
  const local = dataFolder(folder);
  const read = async (part: Parts): Promise<Column<Uint8Array<ArrayBuffer>>> => {
    const file = `${part}-idx${part.endsWith('images') ? 3 : 1}-ubyte.gz`;
    const path = local
      ? join(local, file.replace('train', prefix))
      : await download({ url: url + file, checksum: { algorithm: 'md5', value: md5[part] }, fileName: `${name}-${file}`, ...options });
    return readIdx(await gunzip(await readFile(path))) as Column<Uint8Array<ArrayBuffer>>;
  };
  const images = async (set: 'train' | 't10k'): Promise<LabelledImages> => {
    const [x, y] = [await read(`${set}-images`), await read(`${set}-labels`)];
    return new ArrayDataset({ x: column(x.data, [...x.shape, 1]), y });
  };
  return { train: await images('train'), test: await images('t10k') };
}
