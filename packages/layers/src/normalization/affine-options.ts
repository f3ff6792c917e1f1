import type { ModuleOptions } from '../module.ts';

/** Options of layers that normalise, then scale and shift by γ and β, which are learned. */
export interface AffineOptions extends ModuleOptions {
  /** ε (default 0.001; PyTorch 1e-5). */
  readonly epsilon?: number;
  /** Whether β is added (default `true`). */
  readonly center?: boolean;
  /** Whether γ multiplies (default `true`). */
  readonly scale?: boolean;
}
