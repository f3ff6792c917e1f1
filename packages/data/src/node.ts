/**
 * The part that needs Node: files and downloads.
 *
 * @module @tessera/data/node
 */

export { cifar10Classes, loadCifar10 } from './cifar10.ts';
export { dataFolder, type LabelledImages } from './data-folder.ts';
export { cacheFolder, download, type DownloadOptions, type DownloadProgress } from './download.ts';
export { fashionMnistClasses, loadFashionMnist, loadMnist } from './mnist.ts';
