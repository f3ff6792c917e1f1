import type { Column } from '@tessera/data';
import { fashionMnistClasses, loadFashionMnist } from '@tessera/data/node';
import { splitDigits } from '../digits/data.ts';
import type { SetName } from './messages.ts';

/** Four files in the layout of MNIST. */
export type PictureFiles = Readonly<Record<'train-images' | 'train-labels' | 'held-out-images' | 'held-out-labels', Uint8Array>>;

/** A set of pictures that the page offers. */
export interface ServedSet {
  readonly classes: readonly string[];
  load(): Promise<PictureFiles>;
}

/** Held-out pictures are measured every few seconds: more would hold training up. */
const HELD_OUT = 2000;

/** The sets that the page offers: digits from npm, clothes from `TESSERA_DATA` or downloaded. */
export const sets: Readonly<Record<SetName, ServedSet>> = {
  digits: {
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    async load() {
      const { train, test } = splitDigits();
      return filesOf(train.columns, test.columns);
    },
  },
  'fashion-mnist': {
    classes: fashionMnistClasses,
    async load() {
      const { train, test } = await loadFashionMnist();
      return filesOf(train.columns, test.take(HELD_OUT).columns);
    },
  },
};

type Bytes = Uint8Array<ArrayBuffer>;

interface Pictures {
  readonly x: Column<Bytes | Float32Array<ArrayBuffer>>;
  readonly y: Column<Bytes>;
}

function filesOf(train: Pictures, heldOut: Pictures): PictureFiles {
  return {
    'train-images': idx(train.x),
    'train-labels': idx(train.y),
    'held-out-images': idx(heldOut.x),
    'held-out-labels': idx(heldOut.y),
  };
}

/** Bytes in IDX; numbers from 0 to 1 become bytes. */
function idx({ data, shape }: Column<Bytes | Float32Array<ArrayBuffer>>): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + data.length);
  file.set([0, 0, 0x08, shape.length]);
  const view = new DataView(file.buffer);
  shape.forEach((length, axis) => view.setUint32(4 + 4 * axis, length));
  file.set(data instanceof Uint8Array ? data : Uint8Array.from(data, (x) => Math.round(x * 255)), 4 + 4 * shape.length);
  return file;
}
