/**
 * Datasets, loaders, splitting and readers for Tessera.
 *
 * @module @tessera/data
 */

export { ArrayDataset, type Batch, type Columns, type Dataset } from './array-dataset.ts';
export type { Column } from './column.ts';
export { DataLoader, type DataLoaderOptions, type EpochOptions } from './data-loader.ts';
export { oneHot, scale, validateFinite, validateLabels } from './labels.ts';
export { gunzip, readCifar10, readIdx } from './readers.ts';
export { permutation } from './shuffle.ts';
export { kFold, type KFoldOptions, split, type SplitOptions, trainTestSplit, type TrainTestSplitOptions } from './split.ts';
export { concat, map } from './transforms.ts';
