/**
 * The part that needs Node: files and the terminal.
 *
 * @module @tessera/train/node
 */

export { checkpoint, resume } from './checkpoint.ts';
export { progress } from './progress.ts';
