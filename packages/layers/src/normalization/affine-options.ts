import type { ModuleOptions } from '../module/module.ts';
import type { Options } from '../options/option.ts';
import { flag, number } from '../options/rows.ts';

/** Options of layers that normalise, then scale and shift by γ and β, which are learned. */
export interface AffineOptions extends ModuleOptions {
  /** ε (default 0.001; PyTorch 1e-5). */
  readonly epsilon?: number | undefined;
  /** Whether β is added (default `true`). */
  readonly center?: boolean | undefined;
  /** Whether γ multiplies (default `true`). */
  readonly scale?: boolean | undefined;
}

/** The rows of {@link AffineOptions}. */
export const affineRows: Options<AffineOptions> = { epsilon: number(1e-3, { least: 0 }), center: flag(true), scale: flag(true) };
