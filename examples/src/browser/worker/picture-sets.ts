import { ArrayDataset, type Column, type Dataset, map, readIdx, scale, validateLabels } from '@tessera/data';
import type { SetName } from '../messages.ts';

/** Classes of every set that is offered. */
export const CLASSES = 10;

type Bytes = Column<Uint8Array<ArrayBuffer>>;
type Floats = Column<Float32Array<ArrayBuffer>>;

/** Pictures `[N, 28, 28, 1]`, which become numbers from 0 to 1 batch by batch. */
type Pictures = Dataset<{ readonly x: Floats; readonly y: Bytes }>;

export interface PictureSet {
  readonly train: Pictures;
  readonly heldOut: Pictures;
}

const url = (name: SetName, file: string): string => `/data/${name}/${file}`;

/** The names of a set's classes. */
export async function loadClasses(name: SetName): Promise<readonly string[]> {
  return (await (await get(url(name, 'classes'))).json()) as string[];
}

/** Fetches a set from where the page came from; `onProgress` is told the share that is here. */
export async function loadPictures(name: SetName, onProgress: (share: number) => void): Promise<PictureSet> {
  const part = async (which: 'train' | 'held-out', told: typeof onProgress): Promise<Pictures> => {
    const x = readIdx(await bytesOf(await get(url(name, `${which}-images`)), told)) as Bytes;
    const y = readIdx(await bytesOf(await get(url(name, `${which}-labels`)))) as Bytes;
    validateLabels(y, CLASSES);
    return map(new ArrayDataset({ x, y }), ({ x, y }) => ({ x: scale(x), y }));
  };
  const heldOut = await part('held-out', () => {});
  return { heldOut, train: await part('train', onProgress) };
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(await response.text());
  return response;
}

async function bytesOf(response: Response, onProgress: (share: number) => void = () => {}): Promise<Uint8Array> {
  const whole = new Uint8Array(Number(response.headers.get('content-length')));
  const reader = response.body!.getReader();
  let received = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    whole.set(part.value, received);
    received += part.value.length;
    onProgress(received / whole.length);
  }
  return whole;
}
