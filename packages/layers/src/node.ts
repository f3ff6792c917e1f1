/**
 * The part that needs Node: files.
 *
 * @module @tessera/layers/node
 */

import { readFileLimited, writeFileAtomic } from '@tessera/formats/node';
// By the package's name: one file for all that is not of Node lets bundlers leave out the layers that a program does not use.
import { type AnyModule, loadModel, type LoadModelOptions, type Module, saveModel } from '@tessera/layers';

/** {@link saveModel} to a file, whole or not at all. */
export async function saveModelFile(model: AnyModule, path: string): Promise<void> {
  await writeFileAtomic(path, await saveModel(model));
}

/** {@link loadModel} from a file. */
export async function loadModelFile<M extends AnyModule = Module>(path: string, options?: LoadModelOptions): Promise<M> {
  return loadModel<M>(await readFileLimited(path), options);
}
