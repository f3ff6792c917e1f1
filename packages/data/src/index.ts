/**
 * Datasets of trees of columns, streams, loaders, splitting and readers for Tessera.
 *
 * @module @tessera/data
 */

export { column, type Column, type ColumnLike } from './column/column.ts';
export type { AnyColumn, ColumnLikes, ColumnsOf, ColumnTree, Padded } from './column/column-tree.ts';
export { ragged, type RaggedOptions } from './column/ragged.ts';
export { RaggedColumn } from './column/ragged-column.ts';
export { ArrayDataset } from './dataset/array-dataset.ts';
export { concat } from './dataset/concat.ts';
export type { Batch, Dataset, GatherOptions } from './dataset/dataset.ts';
export { IterableDataset, type IterableDatasetOptions, type StreamOptions } from './dataset/iterable-dataset.ts';
export { map, type MapContext } from './dataset/map.ts';
export { oneHot, scale, validateFinite, validateLabels, type ValidateLabelsOptions } from './labels.ts';
export { DataLoader, type DataLoaderOptions, type EpochOptions } from './loader/data-loader.ts';
export type { PaddingOptions } from './loader/padding.ts';
export { RandomKey } from './random-key.ts';
export { gunzip, readCifar10, readIdx } from './readers.ts';
export { permutation } from './shuffle.ts';
export { kFold, type KFoldOptions, split, type SplitOptions, trainTestSplit, type TrainTestSplitOptions } from './split.ts';
