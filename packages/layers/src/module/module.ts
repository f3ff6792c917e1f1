import { type Shape, ShapeError, sizeOf, type Spec, TesseraError, treeMap, UsageError } from '@tessera/core';
import {
  hasSymbols,
  announceTrainable,
  inScope,
  isUnknown,
  outline,
  recordCall,
  Random,
  type Tensor,
  tidy,
  Variable,
  within,
  withNothing,
  zeros,
} from '@tessera/tensor';
import type { Constraint } from '../constraints.ts';
import type { Initializer } from '../initializers.ts';
import type { Json, Saver } from '../options/json.ts';
import { resolveOptions, saveOptions } from '../options/option.ts';
import type { Regularizer } from '../regularizers.ts';
import { expectName, join, modulesInFields, splitPath } from './children.ts';
import { type CallContext, ModuleContext, type Given } from './context.ts';
import { firstValuesWanted } from './first-values.ts';
import { tellOutput } from './listening.ts';
import { handOnMask } from './mask.ts';
import { type ModuleClass, moduleRows } from './module-class.ts';
import { modulesOf } from './modules-of.ts';
import {
  formatBatch,
  isSpec,
  type Specs,
  type SpecsLike,
  specsOf,
  type SpecsOf,
  specsOfTensors,
  TensorSpec,
  withBatchAxis,
} from './spec.ts';

/** Any module, whatever it takes and gives. */
export type AnyModule = Module<never, unknown>;

export type { ModuleClass, ModuleOptions } from './module-class.ts';

/** How a model is built. */
export interface BuildOptions {
  /** The same seed gives the same initial values on every backend (default 0). With it, a model that is built begins anew. */
  readonly seed?: number;
}

/** How a variable of a layer starts. */
export interface VariableSpec {
  readonly shape: Shape;
  readonly initializer: Initializer;
  readonly trainable?: boolean;
  readonly regularizer?: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
}

/** A variable of a module with what was said of it. */
interface OwnVariable extends VariableSpec {
  readonly variable: Variable;
}

/** The fields of this class, in which there are no modules. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['options', 'name', 'path']);

/**
 * A layer or a model: a function of trees of tensors (one tensor, a tuple, a record), and a tree of variables with stable dotted paths.
 *
 * A model of one's own is a class whose fields hold modules (alone, in arrays, in plain records) and whose `call` says what it computes.
 * A layer with variables makes them in `create`. Users call `apply`: it builds at the first use, hands down what the call is for, and
 * says where in the model an error arose.
 *
 * A field that a base class assigned is declared with `declare` in a class that extends it, or the field would wipe it out.
 *
 * @example
 * class Residual extends Module {
 *   static readonly className = 'Residual';
 *   readonly inner = new Dense(64, { activation: relu });
 *   override call(x: Tensor): Tensor { return x.add(this.inner.apply(x)); }
 * }
 */
export abstract class Module<I = Tensor, O = Tensor> {
  /** Marks modules. @internal */
  readonly '~module' = true;
  /** The options, checked, with defaults for those that were left out. */
  readonly options: object;
  name: string;
  /** The dotted path from the root of the model, once built. */
  path = '';
  #trainable: boolean;
  #input: unknown;
  #output: unknown;
  #children: Readonly<Record<string, AnyModule>> | undefined;
  #paths: Map<AnyModule, string> | undefined;
  /** Whether variables hold no first values yet. */
  #provisional = false;
  readonly #variables: Map<string, OwnVariable> = new Map();
  /** Makes first values, while `create` runs. */
  #creating: ((name: string, spec: VariableSpec) => Tensor) | undefined;

  /** `options` holds what the class describes in `static options`, and {@link ModuleOptions}. */
  constructor(options: object = {}) {
    const { name, trainable, ...resolved } = resolveOptions(this.className, { ...moduleRows, ...this.#class.options } as never, options);
    this.options = resolved;
    this.name = name as string;
    this.#trainable = trainable as boolean;
  }

  get #class(): ModuleClass {
    return this.constructor as ModuleClass;
  }

  /** The name of its class. */
  get className(): string {
    return (Object.hasOwn(this.constructor, 'className') && this.#class.className) || this.constructor.name;
  }

  /** What it computes. What the call is for is inherited by the modules that are called inside. */
  abstract call(x: I, context: CallContext): O;

  /** Makes variables with {@link variable}; the specs of the input are known here. */
  protected create(_input: SpecsOf<I>): void {}

  /** Whether the mask of the input is that of the output. */
  get supportsMask(): boolean {
    return false;
  }

  /** Calls the module on tensors, or notes the call where the tensors are symbolic. */
  apply(x: I, given: Given = {}): O {
    if (hasSymbols(x))
      return recordCall<unknown[], unknown>(this, [x, given], (symbols) => this.#trace(() => this.#enter(symbols, given))) as O;
    return this.#enter(x, given) as O;
  }

  // What is private says nothing of I and O, or modules of one shape would not stand for those of another.
  #enter(x: unknown, given: Given): unknown {
    const context = ModuleContext.enter(this as never, given);
    return within({ context }, () =>
      this.#locate(context.path, () => {
        if (!this.built) this.#buildHere(specsOfTensors(x), context);
        else if (this.#provisional && context.initial) this.initializeMissing(context.initial);
        const y = inScope(context.path || this.className, () => this.call(x as I, context));
        if (y instanceof Promise) throw new UsageError(`[${this.className}] call must be synchronous: got a Promise. Await outside of it.`);
        if (this.supportsMask) handOnMask(x, y);
        tellOutput(this as never, y);
        return y;
      }),
    );
  }

  get built(): boolean {
    return this.#input !== undefined;
  }

  /** The specs of the input, once built: without the batch axis. */
  get inputSpec(): Specs | undefined {
    return this.#input as Specs | undefined;
  }

  /** The shape of the input without the batch axis, where it is one tensor. */
  get inputShape(): Shape | undefined {
    return isSpec(this.#input) ? this.#input.shape : undefined;
  }

  /** Makes the variables for inputs of given specs, or shapes of float32, without the batch axis. */
  build(input: SpecsLike<I>, { seed }: BuildOptions = {}): this {
    if (this.built && seed !== undefined) return this.initialize(seed);
    if (this.built) return this;
    const initial = firstValuesWanted() ? new Random(seed ?? 0) : undefined;
    this.#output = this.#outputOf(specsOf(input), ModuleContext.outside({ initial }));
    if (initial) this.initializeMissing(initial);
    return this;
  }

  /** The specs of the output for those of an input, both without the batch axis; found by tracing the call. */
  outputSpec(input?: SpecsLike<I>): SpecsOf<O> {
    if (input !== undefined) return this.#outputOf(specsOf(input), ModuleContext.outside({})) as SpecsOf<O>;
    if (!this.built)
      throw new UsageError(
        `[${this.className}] the output is known once the module is built. Call build(shape), or pass the input's shape.`,
      );
    this.#output ??= this.#outputOf(this.#input, ModuleContext.outside({}));
    return this.#output as SpecsOf<O>;
  }

  /** {@link outputSpec} for modules from one tensor to one. */
  outputShape(inputShape: Shape): Shape {
    const output: unknown = this.outputSpec(new TensorSpec(inputShape, 'float32') as never);
    if (isSpec(output)) return output.shape;
    throw new UsageError(`[${this.className}] the output is no single tensor. Ask outputSpec.`);
  }

  #outputOf(input: unknown, context: ModuleContext): unknown {
    const call = (x: unknown): unknown => within({ context }, () => specsOfTensors(this.#enter(x, {})));
    return withNothing(() => outline(treeMap(withBatchAxis, input), call));
  }

  /** Runs a call on symbols of a graph: variables that it makes get their first values later, when their place in the model is known. */
  #trace<R>(f: () => R): R {
    return within({ context: ModuleContext.outside({}) }, f);
  }

  #buildHere(input: unknown, context: ModuleContext): void {
    this.path = context.path;
    this.#provisional = context.initial === undefined;
    const { initial } = context;
    withNothing(() => {
      this.#creating = (name, { shape, initializer }) => (initial ? initializer(shape, initial.split(name)) : zeros(shape));
      try {
        this.create(input as SpecsOf<I>);
      } finally {
        this.#creating = undefined;
      }
    });
    this.#children = undefined;
    this.#input = input;
    if (!this.#trainable) this.trainable = false;
  }

  /** Makes a variable of this layer, inside `create`. */
  protected variable(name: string, spec: VariableSpec): Variable {
    const { shape, trainable = true } = spec;
    if (!this.#creating) throw new UsageError(`[${this.className}] variables are made in create: got ${name} outside of it`);
    if (this.#variables.has(expectName(this as never, name)))
      throw new UsageError(`[${this.className}] variables must differ in name: got ${name} twice`);
    if (shape.some(isUnknown)) {
      throw new ShapeError(
        `[${this.className}] the shape of ${name} depends on a length that is not known: give the input's shape where it says null`,
      );
    }
    const value = this.#creating(name, spec);
    const variable = new Variable(value, { name: join(this.path, name), trainable });
    value.dispose();
    this.#variables.set(name, { ...spec, trainable, variable });
    return variable;
  }

  /** Gives all variables, those of the modules inside included, their first values for a seed. */
  initialize(seed: number): this {
    withNothing(() => this.#eachStart(new Random(seed), () => true));
    return this;
  }

  /** Gives variables that have none yet their first values; others keep theirs. @internal */
  initializeMissing(initial: Random = new Random(0)): void {
    withNothing(() => this.#eachStart(initial, (module) => module.#provisional));
  }

  #eachStart(initial: Random, wanted: (module: AnyModule) => boolean): void {
    for (const [path, module] of modulesOf(this as never)) if (wanted(module)) module.#start(splitPath(initial, path));
  }

  #start(random: Random): void {
    this.#provisional = false;
    for (const [name, { variable, shape, initializer }] of this.#variables) {
      tidy(() => variable.assign(initializer(shape, random.split(name))));
    }
  }

  /** Says that variables have got their values, from a file. @internal */
  markInitialized(): void {
    for (const [, module] of modulesOf(this as never)) module.#provisional = false;
  }

  /** The modules inside, by name: those in its fields. */
  children(): Readonly<Record<string, AnyModule>> {
    if (!this.built) return modulesInFields(this as never, OWN_FIELDS);
    this.#children ??= modulesInFields(this as never, OWN_FIELDS);
    return this.#children;
  }

  /** Modules of which the variables of their own belong to this one, but not the modules inside, by path. @internal */
  cutModules(): Readonly<Record<string, AnyModule>> {
    return {};
  }

  /** The path of a module inside, from this one. @throws UsageError if it is in no field. @internal */
  pathOf(module: AnyModule): string {
    const known = this.#paths?.get(module);
    if (known !== undefined) return known;
    this.#children = undefined;
    this.#paths = new Map();
    for (const [path, inside] of modulesOf(this as never)) if (!this.#paths.has(inside)) this.#paths.set(inside, path);
    const path = this.#paths.get(module);
    if (path !== undefined && path !== '') return path;
    throw new UsageError(
      `[${this.className}] call applies ${module.className}${module.name ? ` ${module.name}` : ''}, which is in none of its fields, so it would be neither trained nor saved. Keep it in a field that is not #private, in an array or in a plain record; or wrap it in external(module) if it is not part of the model.`,
    );
  }

  /** Variables by dotted path, those of the modules inside included; one that stands in several places is listed once. */
  variables(): Record<string, Variable> {
    const all: Record<string, Variable> = {};
    for (const [path, module] of modulesOf(this as never)) {
      for (const [name, { variable }] of module.#variables) all[join(path, name)] = variable;
    }
    return all;
  }

  /** The variables that optimizers update, by dotted path. */
  trainableVariables(): Record<string, Variable> {
    return Object.fromEntries(Object.entries(this.variables()).filter(([, variable]) => variable.trainable));
  }

  /** The variables of its own, without those of the modules inside. */
  ownVariables(): Record<string, Variable> {
    return Object.fromEntries([...this.#variables].map(([name, { variable }]) => [name, variable]));
  }

  /** The variables with regularizers, those of the modules inside included. @internal */
  regularized(): [Variable, Regularizer][] {
    return this.#having('regularizer');
  }

  /** The variables with constraints, those of the modules inside included. @internal */
  constrained(): [Variable, Constraint][] {
    return this.#having('constraint');
  }

  #having<K extends 'regularizer' | 'constraint'>(key: K): [Variable, NonNullable<OwnVariable[K]>][] {
    const own = modulesOf(this as never).flatMap(([, module]) => [...module.#variables.values()]);
    return own.flatMap((one): [Variable, NonNullable<OwnVariable[K]>][] => (one[key] ? [[one.variable, one[key]]] : []));
  }

  /** Whether its variables are updated by optimizers; set, it holds for the modules inside as well. Statistics of a frozen layer rest. */
  get trainable(): boolean {
    const own = [...this.#variables.values()].filter(({ trainable }) => trainable);
    return own.length > 0 ? own.some(({ variable }) => variable.trainable) : this.#trainable;
  }
  set trainable(trainable: boolean) {
    for (const [, module] of modulesOf(this as never)) {
      if (module.#trainable !== trainable) announceTrainable();
      module.#trainable = trainable;
      for (const own of module.#variables.values()) own.variable.trainable = trainable && own.trainable!;
    }
  }

  /** The names of its own variables that do not train, though they were made to; '' for a layer that rests and has none. @internal */
  frozenVariables(): string[] {
    const own = [...this.#variables].filter(([, { trainable }]) => trainable);
    if (own.length === 0) return this.#trainable ? [] : [''];
    return own.flatMap(([name, { variable }]) => (variable.trainable ? [] : [name]));
  }

  /** Freezes variables of its own, by the names that {@link frozenVariables} gave. @internal */
  freezeVariables(names: readonly string[]): void {
    if (names.includes('')) this.#trainable = false;
    for (const name of names) if (this.#variables.has(name)) this.#variables.get(name)!.variable.trainable = false;
  }

  /** How many numbers the variables hold. */
  countParameters(): number {
    return Object.values(this.variables()).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** Gives the memory of all variables back. */
  dispose(): void {
    for (const variable of Object.values(this.variables())) variable.dispose();
  }

  /** JSON of the options that are not what they are by default, and of the name. */
  config(saver: Saver): Record<string, Json> {
    const given = { ...this.options, name: this.name };
    return saveOptions({ ...this.#class.options, name: moduleRows.name } as never, given, saver);
  }

  /** Errors inside `f` say where in the model they arose. */
  #locate<R>(path: string, f: () => R): R {
    try {
      return f();
    } catch (error) {
      if (TesseraError.is(error) && !/ \(at .*\)$/.test(error.message)) error.message += ` (at ${path || this.className})`;
      throw error;
    }
  }

  /** Checks how many axes an input has, without the batch axis. */
  protected expectInput({ shape }: Spec, rank: number, layout: string): void {
    if (shape.length === rank) return;
    throw new UsageError(`[${this.className}] input must be ${layout}: got ${formatBatch(shape)}`);
  }
}
