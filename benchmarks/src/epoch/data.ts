import { ArrayDataset, type Column, scale } from '@tessera/data';
import { loadFashionMnist } from '@tessera/data/node';

/** Pictures of clothes `[N, 28, 28, 1]` from 0 to 1, and their classes. */
export type Clothes = ArrayDataset<{ x: Column<Float32Array<ArrayBuffer>>; y: Column<Uint8Array<ArrayBuffer>> }>;

export const size = 28;

let loaded: Promise<Clothes> | undefined;

/** The 60,000 pictures that Fashion-MNIST is trained on. */
export function clothes(): Promise<Clothes> {
  loaded ??= loadFashionMnist().then(({ train: { columns } }) => new ArrayDataset({ x: scale(columns.x), y: columns.y }));
  return loaded;
}

/** How many batches the loss that is checked is the mean of. */
export const CHECKED = 5;
