/**
 * The part that needs Node: files and downloads.
 *
 * @module @tessera/data/node
 */

export { cifar10Classes, dataFolder, type LabelledImages, loadCifar10 } from './cifar10.ts';
export { cacheFolder, download, type DownloadOptions, type DownloadProgress } from './download.ts';
