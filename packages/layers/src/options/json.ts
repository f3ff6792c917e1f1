import type { AnyModule } from '../module/module.ts';

/** Values that JSON can hold: what a layer's configuration is made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Turns what options hold into JSON while a model is saved. */
export interface Saver {
  /** A reference to a module; the same one for the same module. */
  module(module: AnyModule): Json;
}

/** Turns JSON back while a model is loaded. */
export interface Loader {
  /** The module of a reference. */
  module(json: Json): AnyModule;
  /** What a file names, among what {@link loadModel} was given; `undefined` where it is not there. */
  find(name: string): unknown;
}
