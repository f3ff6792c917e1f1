import type { Padding, PerAxis } from '@tessera/tensor';
import type { ModuleOptions } from '../module/module.ts';
import type { Options } from '../options/option.ts';
import { counts, flag, optionalCounts, padding } from '../options/rows.ts';

/** Options of layers that pool windows. */
export interface WindowOptions extends ModuleOptions {
  /** The step from window to window (default: the size of the pool). */
  readonly strides?: PerAxis | undefined;
  /** Default `'valid'`. */
  readonly padding?: Padding | undefined;
  /** Default 1. */
  readonly dilation?: PerAxis | undefined;
  /** Whether a last, incomplete window counts (default `false`). */
  readonly ceilMode?: boolean | undefined;
}

/** The options of a layer that pools windows with their size. */
export type WindowConfig = WindowOptions & { readonly poolSize: PerAxis };

/** The rows of a layer that pools windows over so many spatial axes. */
/* @__NO_SIDE_EFFECTS__ */
export function windowRows(axes: number): Options<WindowConfig> {
  return {
    poolSize: counts(2, { axes }),
    strides: optionalCounts({ axes }),
    padding: padding({ axes }),
    dilation: counts(1, { axes }),
    ceilMode: flag(false),
  };
}
