import type { Axes, Padding, PerAxis } from '@tessera/tensor';
import { type ActivationFunction, activations, activationName, linear } from '../activations.ts';
import type { AnyModule } from '../module/module.ts';
import { isModule } from '../module/brand.ts';
import type { Json } from './json.ts';
import type { Option } from './option.ts';

const isCount = (least: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= least;

/** A number of units, filters, heads: whole, from 1. */
/* @__NO_SIDE_EFFECTS__ */
export function count(byDefault?: number, { least = 1 }: { least?: number } = {}): Option<number> {
  return { default: byDefault, must: `a whole number ≥ ${least}`, accepts: isCount(least) };
}

/** {@link count}, which may be left out. */
/* @__NO_SIDE_EFFECTS__ */
export function optionalCount(): Option<number> {
  return { ...count(), optional: true };
}

/** What numbers must be of which there may be one for each axis. */
interface Several {
  /** How many axes there are (default: any number). */
  readonly axes?: number;
  /** The smallest number allowed (default 1). */
  readonly least?: number;
}

const isForEach = (axes: number | undefined, list: readonly unknown[]): boolean =>
  axes === undefined ? list.length > 0 : list.length === axes;
const eachAxis = (axes: number | undefined): string =>
  axes === undefined ? 'each axis' : axes === 1 ? 'the spatial axis' : `each of ${axes} spatial axes`;

/** Sizes of a window, strides: one for all axes or one for each, whole, from 1. */
/* @__NO_SIDE_EFFECTS__ */
export function counts(byDefault?: PerAxis, { axes, least = 1 }: Several = {}): Option<PerAxis> {
  const accepts = (value: unknown): boolean =>
    Array.isArray(value) ? isForEach(axes, value) && value.every(isCount(least)) : isCount(least)(value);
  return { default: byDefault, must: `a whole number ≥ ${least}, or one for ${eachAxis(axes)}`, accepts };
}

/** {@link counts}, which may be left out. */
/* @__NO_SIDE_EFFECTS__ */
export function optionalCounts(several?: Several): Option<PerAxis> {
  return { ...counts(undefined, several), optional: true };
}

/** A share, such as that of what is dropped: from 0 to 1. */
/* @__NO_SIDE_EFFECTS__ */
export function rate(byDefault?: number): Option<number> {
  return { default: byDefault, must: 'from 0 to 1', accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1 };
}

/** A finite number. */
/* @__NO_SIDE_EFFECTS__ */
export function number(
  byDefault?: number,
  { above = -Infinity, least = -Infinity }: { above?: number; least?: number } = {},
): Option<number> {
  const bound = above > -Infinity ? ` above ${above}` : least > -Infinity ? ` ≥ ${least}` : '';
  const accepts = (value: unknown): boolean => Number.isFinite(value) && (value as number) > above && (value as number) >= least;
  return { default: byDefault, must: `a finite number${bound}`, accepts };
}

/** A whole number, such as an axis. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(byDefault?: number): Option<number> {
  return { default: byDefault, must: 'a whole number', accepts: Number.isInteger };
}

/** One axis or several. */
/* @__NO_SIDE_EFFECTS__ */
export function axes(byDefault?: Axes): Option<Axes> {
  const accepts = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 && value.every(Number.isInteger) : Number.isInteger(value);
  return { default: byDefault, must: 'a whole number, or several', accepts };
}

/** true or false. */
/* @__NO_SIDE_EFFECTS__ */
export function flag(byDefault: boolean): Option<boolean> {
  return { default: byDefault, must: 'true or false', accepts: (value) => typeof value === 'boolean' };
}

/** A name. */
/* @__NO_SIDE_EFFECTS__ */
export function text(byDefault?: string): Option<string> {
  return { default: byDefault, must: 'a string', accepts: (value) => typeof value === 'string' };
}

/** One of several words. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<T extends string>(words: readonly T[], byDefault?: T): Option<T> {
  return {
    default: byDefault,
    must: `one of ${words.map((word) => `'${word}'`).join(', ')}`,
    accepts: (value) => words.includes(value as T),
  };
}

/** `'valid'`, `'same'`, or how much is added at each edge. */
/* @__NO_SIDE_EFFECTS__ */
export function padding({ axes }: Several = {}): Option<Padding> {
  const edge = (value: unknown): boolean => isCount(0)(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount(0)));
  const accepts = (value: unknown): boolean =>
    value === 'valid' || value === 'same' || isCount(0)(value) || (Array.isArray(value) && isForEach(axes, value) && value.every(edge));
  return { default: 'valid', must: `'valid', 'same', a whole number ≥ 0, or [before, after] for ${eachAxis(axes)}`, accepts };
}

/** A function of one tensor: of those that have names by name as well. */
/* @__NO_SIDE_EFFECTS__ */
export function activation(byDefault: ActivationFunction = linear): Option<ActivationFunction> {
  return {
    default: byDefault,
    must: `a function, or one of ${Object.keys(activations).join(', ')}`,
    accepts: (value) => typeof value === 'function',
    normalize: (value) => (typeof value === 'string' && Object.hasOwn(activations, value) ? activations[value] : value),
    save: activationName,
    load: (name, loader) => (loader.find(name as string) ?? name) as ActivationFunction,
  };
}

/** A module inside. */
/* @__NO_SIDE_EFFECTS__ */
export function module<M extends AnyModule = AnyModule>(): Option<M> {
  return {
    must: 'a module',
    accepts: isModule,
    save: (value, saver) => saver.module(value),
    load: (json, loader) => loader.module(json) as M,
  };
}

/** Modules inside. */
/* @__NO_SIDE_EFFECTS__ */
export function modules(): Option<readonly AnyModule[]> {
  return {
    must: 'an array of modules',
    accepts: (value) => Array.isArray(value) && value.every(isModule),
    save: (list, saver) => list.map((one) => saver.module(one)),
    load: (json, loader) => (json as Json[]).map((one) => loader.module(one)),
  };
}

/** The rows by name, for classes of other packages. */
export const rows: {
  readonly count: typeof count;
  readonly optionalCount: typeof optionalCount;
  readonly counts: typeof counts;
  readonly optionalCounts: typeof optionalCounts;
  readonly rate: typeof rate;
  readonly number: typeof number;
  readonly whole: typeof whole;
  readonly axes: typeof axes;
  readonly flag: typeof flag;
  readonly text: typeof text;
  readonly oneOf: typeof oneOf;
  readonly padding: typeof padding;
  readonly activation: typeof activation;
  readonly module: typeof module;
  readonly modules: typeof modules;
} = {
  count,
  optionalCount,
  counts,
  optionalCounts,
  rate,
  number,
  whole,
  axes,
  flag,
  text,
  oneOf,
  padding,
  activation,
  module,
  modules,
};
