/**
 * The part that needs Node: files.
 *
 * @module @tessera/layers/node
 */

import { readFileLimited, writeFileAtomic } from '@tessera/formats/node';
import type { Module } from './module.ts';
import { loadModel, type LoadModelOptions, saveModel } from './save.ts';

/** {@link saveModel} to a file, whole or not at all. */
export async function saveModelFile(model: Module, path: string): Promise<void> {
  await writeFileAtomic(path, await saveModel(model));
}

/** {@link loadModel} from a file. */
export async function loadModelFile(path: string, options?: LoadModelOptions): Promise<Module> {
  return loadModel(await readFileLimited(path), options);
}
