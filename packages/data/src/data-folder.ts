import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ArrayDataset } from './dataset/array-dataset.ts';
import type { Column } from './column/column.ts';

/** Images `[N, height, width, channels]` as bytes, and labels `[N]`. */
export type LabelledImages = ArrayDataset<{ x: Column<Uint8Array<ArrayBuffer>>; y: Column<Uint8Array<ArrayBuffer>> }>;

/** The folder of a data set under `TESSERA_DATA`, where it is there. */
export function dataFolder(name: string): string | undefined {
  const root = process.env['TESSERA_DATA'];
  const folder = root && join(root, name);
  return folder && existsSync(folder) ? folder : undefined;
}
