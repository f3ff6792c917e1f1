import { UsageError } from '@tessera/core';
import type { ModuleOptions } from '../module/module.ts';
import type { Json, Loader, Saver } from './json.ts';

/** One option of a layer, described once: what it is when left out, what it may be, and how it is saved. */
export interface Option<T> {
  /** The value when left out; one without a default and without {@link optional} must be given. */
  readonly default?: T | undefined;
  /** May be left out, and is then `undefined`. */
  readonly optional?: true;
  /** What it must be, as messages and tables of options say it: `a whole number from 1`. */
  readonly must: string;
  accepts(value: unknown): boolean;
  /** What users may write instead, in the form that layers work with: an activation for its name. */
  normalize?(value: unknown): unknown;
  /** JSON for a value; by default the value itself. */
  save?(value: T, saver: Saver): Json;
  /** The value of what {@link save} gave. */
  load?(json: Json, loader: Loader): T;
}

/** A row for every option that an interface has, but those that all modules take: one that is missing does not compile. */
export type Options<O> = { readonly [K in Exclude<keyof O, keyof ModuleOptions>]-?: Option<Exclude<O[K], undefined>> };

/** Rows and others beside them. A call, since bundlers keep what is spread out in a class. */
/* @__NO_SIDE_EFFECTS__ */
export function withRows<A, B>(rows: A, more: B): A & B {
  return { ...rows, ...more };
}

/** Options as a layer finds them: with defaults, and with functions for the names that may stand for them. `Optional` are those without a default. */
export type Resolved<O, Optional extends keyof O = never> = {
  readonly [K in Exclude<keyof O, keyof ModuleOptions>]-?: Named<Exclude<O[K], undefined>> | (K extends Optional ? undefined : never);
};

/** Without `string`, where there is something else. */
type Named<T> = string extends T ? ([Exclude<T, string>] extends [never] ? T : Exclude<T, string>) : T;

type Rows = Readonly<Record<string, Option<never>>>;

/**
 * The options given, checked, with defaults for those left out.
 *
 * @throws UsageError for one that is missing, not what it must be, or not among the rows: the nearest is named.
 */
export function resolveOptions(layer: string, rows: Rows, given: object): Readonly<Record<string, unknown>> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rows, name)) throw new UsageError(`[${layer}] there is no option ${name}${suggestion(name, Object.keys(rows))}`);
  }
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => {
      const value = (given as Record<string, unknown>)[name];
      if (value === undefined) {
        if (row.default === undefined && !row.optional) throw new UsageError(`[${layer}] ${name} must be ${row.must}: got nothing`);
        return [name, row.default];
      }
      const normalized = row.normalize ? row.normalize(value) : value;
      if (!row.accepts(normalized)) throw new UsageError(`[${layer}] ${name} must be ${row.must}: got ${show(value)}`);
      return [name, normalized];
    }),
  );
}

/** JSON of the options that are not what they are by default. */
export function saveOptions(rows: Rows, options: Readonly<Record<string, unknown>>, saver: Saver): Record<string, Json> {
  const json: Record<string, Json> = {};
  for (const [name, row] of Object.entries(rows)) {
    const value = options[name];
    if (value === undefined || value === row.default) continue;
    json[name] = row.save ? row.save(value as never, saver) : (value as Json);
  }
  return json;
}

/** The options of JSON that {@link saveOptions} gave. Options that this version does not know are left to {@link resolveOptions}. */
export function loadOptions(rows: Rows, json: Readonly<Record<string, Json>>, loader: Loader): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const load = Object.hasOwn(rows, name) ? rows[name]!.load : undefined;
      return [name, load ? load(value, loader) : value];
    }),
  );
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`;
  return typeof value === 'object' && value !== null
    ? `an object of ${value.constructor?.name ?? 'no class'}`
    : (JSON.stringify(value) ?? String(value));
}

/** The known name that a misspelt one probably means. */
function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  if (nearest && nearest.distance <= Math.max(2, name.length / 3)) return `. Did you mean ${nearest.other}?`;
  return `: there are ${known.join(', ')}`;
}

/** @see Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals". */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
