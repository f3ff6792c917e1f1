import { StateError } from '@tessera/core';
import { writeSafetensors } from '@tessera/formats';
import type { AnyModule, ModuleClass } from '../module/module.ts';
import { modulesOf } from '../module/modules-of.ts';
import type { Json, Saver } from '../options/json.ts';
import { weightsOf } from './weights.ts';

/** How files of this version say what they are. */
export const FORMAT = 'tessera-model-2';

/** What a file says of a model. */
export interface Description {
  /** Every module that the configurations below it name, each once. */
  readonly modules: readonly { readonly className: string; readonly config: Readonly<Record<string, Json>> }[];
  /** The place of the model among them. */
  readonly root: number;
  /** The specs of the input. */
  readonly input: Json;
  /** By the path of a module, the names of its variables that do not train, though it made them to. */
  readonly frozen: Readonly<Record<string, readonly string[]>>;
}

/**
 * The model as one safetensors file: what it is made of, what is frozen, and the values of its variables.
 *
 * @throws StateError before it is built, and where something in it could not be made again: a class without `static className`, a
 *   constructor whose arguments are not described, an activation without a name.
 */
export async function saveModel(model: AnyModule): Promise<Uint8Array> {
  if (!model.built) throw new StateError('[saveModel] the model must be built before it is saved. Call it once or build(inputShape).');
  model.initializeMissing();
  return writeSafetensors(await weightsOf(model), { format: FORMAT, model: JSON.stringify(describe(model)) });
}

/** What {@link saveModel} writes of a model beside its weights. */
function describe(model: AnyModule): Description {
  const numbers = new Map<AnyModule, number>();
  const modules: { className: string; config: Record<string, Json> }[] = [];
  const saver: Saver = {
    module(one) {
      let number = numbers.get(one);
      if (number === undefined) {
        expectRemakeable(one);
        const config = one.config(saver);
        number = modules.push({ className: one.className, config }) - 1;
        numbers.set(one, number);
      }
      return { module: number };
    },
  };
  saver.module(model);
  // A model that is cut and the cut itself stand at one path.
  const frozen = new Map<string, readonly string[]>();
  for (const [path, one] of modulesOf(model)) {
    const names = one.frozenVariables();
    if (names.length > 0) frozen.set(path, [...(frozen.get(path) ?? []), ...names]);
  }
  return {
    modules,
    root: numbers.get(model)!,
    input: JSON.parse(JSON.stringify(model.inputSpec)) as Json,
    frozen: Object.fromEntries(frozen),
  };
}

/** Checks that a file could name the class, and that its constructor would make the same module of what the file says. */
function expectRemakeable(module: AnyModule): void {
  const own = module.constructor as ModuleClass & (new () => AnyModule);
  if (!Object.hasOwn(own, 'className')) {
    throw new StateError(
      `[saveModel] the class ${own.name || 'without a name'} must have a static className, since minifiers rename classes: static readonly className = '${own.name || 'Name'}'`,
    );
  }
  if (own.options || 'fromConfig' in own) return;
  const told = `[saveModel] the constructor of ${own.className} must make the same module without arguments. Describe its options in static options and pass them to super().`;
  let again: AnyModule;
  try {
    again = new own();
  } catch (cause) {
    throw new StateError(told, { cause });
  }
  const before = outline(module);
  for (const [path, config] of outline(again))
    if (before.get(path) !== config) throw new StateError(`${told} It differs at ${path || own.className}.`);
}

/** What a module is made of, by path. */
function outline(module: AnyModule): Map<string, string> {
  const saver: Saver = { module: (one) => one.className };
  return new Map(
    modulesOf(module).map(([path, one]) => [path, `${one.className} ${JSON.stringify(one === module ? {} : one.config(saver))}`]),
  );
}
