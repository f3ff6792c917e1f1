import { UsageError } from '@tessera/core';
import type { Random } from '@tessera/tensor';
import { isModule } from './brand.ts';
import type { AnyModule } from './module.ts';

function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

/** The modules in a module's fields, by field: themselves, in arrays and in plain records at any depth. */
export function modulesInFields(owner: AnyModule, except: ReadonlySet<string>): Record<string, AnyModule> {
  const found: [string, AnyModule][] = [];
  const visit = (value: unknown, path: string): void => {
    if (isModule(value)) {
      found.push([path, value]);
    } else if (Array.isArray(value)) {
      value.forEach((one, i) => typeof one === 'object' && visit(one, `${path}.${i}`));
    } else if (isRecord(value)) {
      for (const [key, one] of Object.entries(value)) if (typeof one === 'object') visit(one, `${path}.${expectName(owner, key)}`);
    }
  };
  for (const [field, value] of Object.entries(owner)) if (!except.has(field)) visit(value, field);
  return Object.fromEntries(found);
}

/** Checks a name that is to be part of a dotted path. */
export function expectName(owner: AnyModule, name: string): string {
  if (/^[^.]+$/.test(name)) return name;
  throw new UsageError(`[${owner.className}] names in paths must not be empty and have no dots: got '${name}'`);
}

/** A path and a name below it. */
export function join(path: string, name: string): string {
  return path && name ? `${path}.${name}` : path || name;
}

/** The source of a path: that of each name in turn. */
export function splitPath(random: Random, path: string): Random {
  return path ? path.split('.').reduce((source, name) => source.split(name), random) : random;
}

/** Names for modules that stand together: their own, or their class's in snake case, numbered from the second. One that stands there twice has one name. */
export function nameModules(owner: AnyModule, modules: readonly AnyModule[]): Record<string, AnyModule> {
  const named: Record<string, AnyModule> = {};
  for (const module of new Set(modules)) {
    const base = module.name || snakeCase(module.className);
    let name = base;
    for (let n = 1; Object.hasOwn(named, name); n++) {
      if (module.name) throw new UsageError(`[${owner.className}] names must differ: got ${base} twice`);
      name = `${base}_${n}`;
    }
    Object.defineProperty(named, expectName(owner, name), { value: module, enumerable: true, configurable: true });
  }
  return named;
}

/** The last part of a class's name in snake case: `TransformerEncoderLayer` → `transformer_encoder_layer`. */
export function snakeCase(className: string): string {
  return className
    .slice(className.lastIndexOf('/') + 1)
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replace(/\W/g, '_')
    .toLowerCase();
}
