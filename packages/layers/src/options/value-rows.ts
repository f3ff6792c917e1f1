import { StateError } from '@tessera/core';
import { type Constraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from '../constraints.ts';
import type { Initializer } from '../initializers.ts';
import { l1, l1l2, l2, type Regularizer } from '../regularizers.ts';
import type { Json, Loader } from './json.ts';
import { type FactoryCall, factoryName, originOfValue, withOrigin } from './named.ts';
import type { Option } from './option.ts';

type Factory = (...args: readonly Json[]) => object;

function saveValue(value: object): Json {
  const origin = originOfValue(value);
  if (origin) return { name: origin.name, args: [...origin.args] };
  throw new StateError(
    `[saveModel] only values made by a factory can be saved: got ${(value as { name?: string }).name || 'a function'}. Make it by factory(name, …).`,
  );
}

function factoryOf({ name }: FactoryCall, known: readonly unknown[], loader: Loader): Factory | undefined {
  return (loader.find(name) ?? known.find((one) => factoryName(one) === name)) as Factory | undefined;
}

/** What makes the first value of a variable. A loaded model has its values already: its initializers may be among what `loadModel` does not know. */
/* @__NO_SIDE_EFFECTS__ */
export function initializer(byDefault: () => Initializer): Option<Initializer> {
  return {
    default: byDefault(),
    must: 'an initializer',
    accepts: (value) => typeof value === 'function',
    save: saveValue,
    load(json, loader) {
      const saved = json as unknown as FactoryCall;
      const make = factoryOf(saved, [], loader);
      if (make) return make(...saved.args) as Initializer;
      const unknown: Initializer = () => {
        throw new StateError(`[build] the initializer ${saved.name} was not among what loadModel was given. Pass it in { layers }.`);
      };
      return withOrigin(unknown, saved);
    },
  };
}

/** A penalty on a variable's value. */
/* @__NO_SIDE_EFFECTS__ */
export function regularizer(): Option<Regularizer> {
  return named('regularizer', [l1, l2, l1l2]);
}

/** What a variable's value is made to be after each update. */
/* @__NO_SIDE_EFFECTS__ */
export function constraint(): Option<Constraint> {
  return named('constraint', [maxNorm, minMaxNorm, nonNeg, unitNorm]);
}

/** A value of a factory, which may be left out. */
function named<V extends object>(what: string, known: readonly unknown[]): Option<V> {
  return {
    optional: true,
    must: `a ${what}`,
    accepts: (value) => typeof value === 'function',
    save: saveValue,
    load(json, loader) {
      const saved = json as unknown as FactoryCall;
      const make = factoryOf(saved, known, loader);
      if (make) return make(...saved.args) as V;
      throw new StateError(`[loadModel] the file names the ${what} ${saved.name}. Pass its factory in { layers }.`);
    },
  };
}
