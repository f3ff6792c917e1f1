import type { DType } from '@tessera/core';
import type { Random, Variable } from '@tessera/tensor';

/** A layer by its shape, so that the check does not depend on a package of layers. */
export interface LayerLike {
  /** The name of its class in files: also a static of the class, since minifiers rename classes. */
  readonly className: string;
  /** Whether the mask of the input is that of the output. */
  readonly supportsMask?: boolean;
  build(input: never, options?: { readonly seed?: number }): unknown;
  /** A layer that is not built is built by its first call. */
  apply(x: never, given?: { readonly training?: boolean; readonly random?: Random }): unknown;
  /** The specs of the output for those of an input. */
  outputSpec(input: never): unknown;
  variables(): Readonly<Record<string, Variable>>;
  trainableVariables(): Readonly<Record<string, Variable>>;
}

/** What is known of an input before it comes, without the batch axis. */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A tree with a spec, or the shape of float32, for each tensor: what `build` takes. */
export type InputSpecs = InputSpec | readonly number[] | readonly InputSpecs[] | { readonly [key: string]: InputSpecs };

/** A layer described once, for every backend. */
export interface LayerDescription<L extends LayerLike = LayerLike> {
  /** A new layer of the same options at each call. */
  make(): L;
  readonly input: InputSpecs;
  /** An input; by default normal numbers, integers 0 and 1, and bools. */
  sample?(batch: number, random: Random): unknown;
  /** Saves the layer and loads it again. */
  reload(layer: L): L | Promise<L>;
}
