import { FormatError, StateError, TesseraError } from '@tessera/core';
import { readSafetensors } from '@tessera/formats';
import { opNameOf } from '@tessera/tensor';
import { isModule } from '../module/brand.ts';
import { withoutFirstValues } from '../module/first-values.ts';
import type { AnyModule, Module, ModuleClass } from '../module/module.ts';
import { modulesOf } from '../module/modules-of.ts';
import { specsOfJson } from '../module/spec.ts';
import type { Json, Loader } from '../options/json.ts';
import { factoryName } from '../options/named.ts';
import { loadOptions, type Option } from '../options/option.ts';
import { type Description, FORMAT } from './save-model.ts';
import { FORMAT_1, fromFormat1 } from './format-1.ts';
import { setWeights } from './weights.ts';

/** Classes, factories and ops that a file may name: one, a list, or a record such as a package that was imported as a whole. */
type Family = unknown;

/** Options of {@link loadModel}. */
export interface LoadModelOptions {
  /** The classes that the file may name, and factories of initializers and regularizers: `import * as layers from '@tessera/layers'`. */
  readonly layers?: Family;
  /** The ops that a graph or an activation in the file may name: `import * as ops from '@tessera/tensor'`. */
  readonly ops?: Family;
}

/** A class that files can name. */
interface LoadableClass extends ModuleClass {
  readonly className: string;
  new (...args: never[]): AnyModule;
  fromConfig?(config: unknown, loader: Loader): AnyModule;
}

/**
 * The model of a file that {@link saveModel} made. Nothing in the file is run: it can only name what is given here.
 *
 * @throws FormatError for a damaged file, StateError for a class that is not given or weights that do not fit. Memory is taken for no
 *   more than the file's own weights.
 * @typeParam M What the caller knows the model to be: by default a function of one tensor that gives one.
 * @example
 * import * as layers from '@tessera/layers';
 * const model = loadModel(bytes, { layers: [layers, MyLayer] });
 */
export function loadModel<M extends AnyModule = Module>(bytes: Uint8Array, { layers, ops }: LoadModelOptions = {}): M {
  const { tensors, metadata } = readSafetensors(bytes);
  const text = metadata.get('model');
  const format = metadata.get('format');
  if ((format !== FORMAT && format !== FORMAT_1) || text === undefined) {
    throw new StateError(
      `[loadModel] the file must be one that saveModel made: got format ${format ?? 'none'}. Use loadWeights for bare weights.`,
    );
  }
  const known = namesIn([layers, ops]);
  const model = withoutFirstValues(() => described(text, format === FORMAT_1, known));
  setWeights(model, tensors);
  return model as M;
}

/** The model that a description stands for, built without first values. @throws FormatError where the description is not one that saveModel wrote. */
function described(text: string, old: boolean, known: ReadonlyMap<string, unknown>): AnyModule {
  try {
    const json = JSON.parse(text) as unknown;
    const description = old ? fromFormat1(json as never) : (json as Description);
    const model = make(description, known);
    if (!model.built) model.outputSpec(specsOfJson(description.input) as never);
    model.markInitialized();
    for (const [path, one] of modulesOf(model)) if (Object.hasOwn(description.frozen, path)) one.freezeVariables(description.frozen[path]!);
    return model;
  } catch (cause) {
    if (TesseraError.is(cause)) throw cause;
    throw new FormatError(`[loadModel] the file's description of the model is damaged: ${(cause as Error).message}`, { cause });
  }
}

function make({ modules, root }: Description, known: ReadonlyMap<string, unknown>): AnyModule {
  const made: AnyModule[] = [];
  const loader: Loader = {
    module(json) {
      const { module } = json as { module: number };
      // A configuration names only modules that stand before it, so that no file leads around in circles.
      if (!made[module]) throw new FormatError(`[loadModel] the file names module ${module} before it is described`);
      return made[module];
    },
    find: (name) => known.get(name),
  };
  for (const { className, config } of modules) {
    const own = known.get(className);
    if (!isModuleClass(own)) throw new StateError(unknownClass(className, known));
    made.push(own.fromConfig ? own.fromConfig(config, loader) : construct(own, config, loader));
  }
  const model = made[root];
  if (!isModule(model)) throw new FormatError('[loadModel] the file describes no model');
  return model;
}

function construct(own: LoadableClass, json: Readonly<Record<string, Json>>, loader: Loader): AnyModule {
  const { positional = [] } = own;
  const options = loadOptions((own.options ?? {}) as Readonly<Record<string, Option<never>>>, json, loader);
  const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !positional.includes(name)));
  return new own(...(positional.map((name) => options[name]) as never[]), rest as never);
}

function unknownClass(className: string, known: ReadonlyMap<string, unknown>): string {
  const classes = [...known].flatMap(([name, value]) => (isModuleClass(value) ? [name] : []));
  const mangled = /^[\w$]{1,2}$/.test(className) ? ' The name looks like one that a minifier made: give the class a static className.' : '';
  const given = classes.length ? `which is not among ${classes.join(', ')}` : 'and no classes were given';
  return `[loadModel] the file names the layer ${className}, ${given}. Pass its class in { layers }; those of @tessera/layers are import * as layers.${mangled}`;
}

function isModuleClass(value: unknown): value is LoadableClass {
  return typeof value === 'function' && typeof (value as LoadableClass).prototype?.apply === 'function' && 'className' in value;
}

/** What files may name, by name: classes, factories and ops in lists and records at any depth. */
function namesIn(family: Family, found: Map<string, unknown> = new Map()): Map<string, unknown> {
  if (typeof family === 'function') {
    const name = isModuleClass(family) ? family.className : (factoryName(family) ?? opNameOf(family));
    if (name) found.set(name, family);
  } else if (Array.isArray(family)) {
    for (const one of family) namesIn(one, found);
  } else if (typeof family === 'object' && family !== null) {
    for (const one of Object.values(family)) namesIn(one, found);
  }
  return found;
}
