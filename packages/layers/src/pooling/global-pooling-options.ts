import type { ModuleOptions } from '../module/module.ts';
import type { Options } from '../options/option.ts';
import { flag } from '../options/rows.ts';

/** Options of layers that pool over all places. */
export interface GlobalPoolingOptions extends ModuleOptions {
  /** Keeps the pooled axes with length 1 (default `false`). */
  readonly keepDims?: boolean | undefined;
}

/** The rows of a layer that pools over all places. */
export const globalPoolingRows: Options<GlobalPoolingOptions> = { keepDims: flag(false) };
