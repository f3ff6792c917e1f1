/**
 * The part that needs Node: files.
 *
 * @module @tessera/layers/node
 */

import { readFileLimited, writeFileAtomic } from '@tessera/formats/node';
import type { AnyModule } from './module/module.ts';
import { loadModel, type LoadModelOptions } from './save/load-model.ts';
import { saveModel } from './save/save-model.ts';

/** {@link saveModel} to a file, whole or not at all. */
export async function saveModelFile(model: AnyModule, path: string): Promise<void> {
  await writeFileAtomic(path, await saveModel(model));
}

/** {@link loadModel} from a file. */
export async function loadModelFile(path: string, options?: LoadModelOptions): Promise<AnyModule> {
  return loadModel(await readFileLimited(path), options);
}
