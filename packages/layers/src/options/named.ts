import type { Json } from './json.ts';

/** What made a value: the name of a factory and its arguments. */
export interface FactoryCall {
  readonly name: string;
  readonly args: readonly Json[];
}

const origins = new WeakMap<object, FactoryCall>();
const factories = new WeakMap<object, string>();

/**
 * A function that makes values which can be saved, by its name and arguments: initializers, regularizers, constraints.
 *
 * @example
 * export const l2 = factory('l2', (lambda = 0.01) => (value: Tensor) => value.square().sum().mul(lambda))
 */
/* @__NO_SIDE_EFFECTS__ */
export function factory<A extends readonly (Json | undefined)[], V extends object>(
  name: string,
  make: (...args: A) => V,
): (...args: A) => V {
  const made = (...args: A): V => {
    const value = make(...args);
    origins.set(value, { name, args: args.filter((arg): arg is A[number] & Json => arg !== undefined) });
    return value;
  };
  factories.set(made, name);
  return made;
}

/** The name under which files know a factory. */
export function factoryName(value: unknown): string | undefined {
  return typeof value === 'function' ? factories.get(value) : undefined;
}

/** What made a value, where that was a {@link factory}. */
export function originOfValue(value: object): FactoryCall | undefined {
  return origins.get(value);
}

/** Gives a value the origin of one that is not there: it can be saved again. */
export function withOrigin<V extends object>(value: V, origin: FactoryCall): V {
  origins.set(value, origin);
  return value;
}
