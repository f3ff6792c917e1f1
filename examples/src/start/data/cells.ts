import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Philox } from '@tessera/core';
import { ArrayDataset, type Column, column, gunzip, readIdx } from '@tessera/data';
import { folderOrNotice } from './made-up.ts';

type Images = Column<Float32Array<ArrayBuffer>>;

/** Images `[N, size, size, 1]` from 0 to 1, and for each pixel whether a nucleus is there. */
export type Cells = ArrayDataset<{ x: Images; y: Images }>;

/**
 * Nuclei of cells under a microscope: those of the Data Science Bowl of 2018 (`dsb2018-nuclei-256` under `TESSERA_DATA`), of which
 * each `256 / size`-th pixel is taken, or bright discs on noise.
 *
 * @see Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl".
 */
export async function cells(count: number = 256, size: number = 64): Promise<Cells> {
  const folder = folderOrNotice('dsb2018-nuclei-256');
  if (!folder) return drawCells(count, size);
  const read = async (part: string): Promise<Images> => {
    const { data, shape } = readIdx(await gunzip(await readFile(join(folder, `train-${part}-idx3-ubyte.gz`))));
    const [n, step] = [Math.min(count, shape[0]!), 256 / size];
    const pixel = (i: number): number => {
      const [image, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
      return Number(data[(image * 256 + y * step) * 256 + x * step]) / 255;
    };
    return column(
      Float32Array.from({ length: n * size ** 2 }, (_, i) => pixel(i)),
      [n, size, size, 1],
    );
  };
  return new ArrayDataset({ x: await read('images'), y: await read('masks') });
}

function drawCells(count: number, size: number): Cells {
  const random = Philox.fromSeed(1);
  const [x, y] = [new Float32Array(count * size ** 2), new Float32Array(count * size ** 2)];
  for (let image = 0; image < count; image++) {
    const discs = Array.from({ length: 3 }, () => [random.below(size), random.below(size), (size / 10) * (1 + random.uniform())] as const);
    for (let i = 0; i < size ** 2; i++) {
      const inside = discs.some(([row, at, radius]) => (Math.floor(i / size) - row) ** 2 + ((i % size) - at) ** 2 < radius ** 2);
      y[image * size ** 2 + i] = Number(inside);
      x[image * size ** 2 + i] = 0.5 * random.uniform() + (inside ? 0.4 : 0);
    }
  }
  return new ArrayDataset({ x: column(x, [count, size, size, 1]), y: column(y, [count, size, size, 1]) });
}
