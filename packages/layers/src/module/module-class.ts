import type { Option } from '../options/option.ts';
import { flag, text } from '../options/rows.ts';

/** Options that every module takes. */
export interface ModuleOptions {
  /** Its name in paths; by default that of its field, or in a list that of its class, numbered where several stand together. */
  readonly name?: string | undefined;
  /** Whether its variables are updated by optimizers (default `true`). */
  readonly trainable?: boolean | undefined;
}

/** What is said about a class of modules, once. */
export interface ModuleClass {
  /** The name in files: minifiers rename classes. A class of another package carries its npm scope: `@scope/Name`. */
  readonly className?: string;
  /** Names of the options that the constructor takes one by one before the others. */
  readonly positional?: readonly string[];
  /** The options that it takes beside {@link ModuleOptions}. */
  readonly options?: Readonly<Record<string, Option<never>>>;
}

/** The rows of {@link ModuleOptions}. */
export const moduleRows: { readonly name: Option<string>; readonly trainable: Option<boolean> } = { name: text(''), trainable: flag(true) };
