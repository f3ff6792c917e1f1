import { FormatError, formatShape, type Shape, sizeOf, TesseraError, UsageError } from '@tessera/core';
import { defaultBackend, inScope, Random, type Tensor, tidy, traceGraph, Variable, withoutRecorders } from '@tessera/tensor';
import type { Initializer } from './initializers.ts';
import type { Regularizer } from './regularizers.ts';
import { SymbolicTensor } from './symbolic.ts';

/** What a call is for. */
export interface CallContext {
  /** Whether dropout drops and batch statistics are used (default `false`). */
  readonly training?: boolean;
  /** Where random layers draw from; needed by those when training. */
  readonly random?: Random;
}

/** How a model is built. */
export interface BuildOptions {
  /** The same seed gives the same initial values on every backend (default 0). */
  readonly seed?: number;
}

/** How a variable of a layer starts. */
export interface VariableSpec {
  readonly shape: Shape;
  readonly initializer: Initializer;
  readonly trainable?: boolean;
  readonly regularizer?: Regularizer | undefined;
}

/** Values that JSON can hold: what a layer's configuration is made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Options that every layer takes. */
export interface ModuleOptions {
  /** Its name in paths; by default that of its class, numbered where several stand together. */
  readonly name?: string;
}

/**
 * A layer or a model: a tree of variables with stable dotted paths, and a function of tensors.
 *
 * A layer says in `build` which variables it has, and in `call` what it computes; `apply` is what users call: it builds
 * at the first use and says where in the model an error arose. Shapes in `build` do not count the batch axis.
 */
export abstract class Module {
  name: string;
  /** The dotted path from the root of the model, set when it is built. */
  path = '';
  #inputShape: Shape | undefined;
  readonly #variables: Map<string, Variable> = new Map();
  readonly #regularizers: Map<Variable, Regularizer> = new Map();
  #random: Random | undefined;

  constructor({ name = '' }: ModuleOptions = {}) {
    this.name = name;
  }

  /** The name under which it is saved; the class's own. */
  abstract readonly className: string;
  /** What `new` needs to make it again. */
  abstract config(): Json;
  /** The formula. */
  abstract call(x: Tensor, context: CallContext): Tensor;
  /** Makes variables with {@link variable}; the input's shape without the batch axis is known here. */
  protected create(_inputShape: Shape): void {}
  /** The modules inside, by name. */
  children(): Readonly<Record<string, Module>> {
    return {};
  }

  get built(): boolean {
    return this.#inputShape !== undefined;
  }
  /** The input's shape without the batch axis, once built. */
  get inputShape(): Shape | undefined {
    return this.#inputShape;
  }

  /** Makes the variables for inputs of a shape (without the batch axis). Building again does nothing. */
  build(inputShape: Shape, { seed = 0 }: BuildOptions = {}): this {
    return this.buildAt(inputShape, new Random(seed), this.path);
  }

  /** {@link build} inside a model: with its source of random numbers and the path there. @internal */
  buildAt(inputShape: Shape, random: Random, path: string): this {
    if (this.built) return this;
    this.path = path;
    this.#random = random;
    withoutRecorders(() => this.locate(() => this.create(inputShape)));
    this.#inputShape = inputShape;
    return this;
  }

  /** Makes a variable of this layer. */
  protected variable(name: string, { shape, initializer, trainable = true, regularizer }: VariableSpec): Variable {
    spend(sizeOf(shape));
    const value = initializer(shape, this.#random!.split(name));
    const variable = new Variable(value, { name: join(this.path, name), trainable });
    value.dispose();
    this.#variables.set(name, variable);
    if (regularizer) this.#regularizers.set(variable, regularizer);
    return variable;
  }

  /** Builds a module inside. */
  protected buildChild(name: string, child: Module, inputShape: Shape): void {
    child.buildAt(inputShape, this.#random!.split(name), join(this.path, name));
  }

  /** Calls the layer on a tensor, or notes the call on a symbolic one for a {@link Model}. */
  apply(x: Tensor, context?: CallContext): Tensor;
  apply(x: SymbolicTensor): SymbolicTensor;
  apply(x: Tensor | SymbolicTensor, context: CallContext = {}): Tensor | SymbolicTensor {
    if (x instanceof SymbolicTensor) {
      // The place in the graph tells layers of one kind apart, so that they do not start alike.
      this.buildAt(x.shape, new Random(0).split(x.depth), this.name);
      return new SymbolicTensor(this.outputShape(x.shape), this, [x]);
    }
    if (!this.built) this.build(x.shape.slice(1));
    return this.locate(() => inScope(this.path || this.className, () => this.call(x, context)));
  }

  /** The output's shape for an input's, both without the batch axis; found by tracing the call. */
  outputShape(inputShape: Shape): Shape {
    this.build(inputShape);
    const spec = { shape: [1, ...inputShape], dtype: 'float32' } as const;
    const graph = tidy(() => traceGraph((x) => [this.locate(() => this.call(x!, {}))], [spec], defaultBackend()).graph);
    return graph.values[graph.outputs[0]!]!.shape.slice(1);
  }

  /** Variables by dotted path, those of the modules inside included. */
  variables(): Record<string, Variable> {
    const all: Record<string, Variable> = Object.fromEntries(this.#variables);
    for (const [name, child] of Object.entries(this.children())) {
      for (const [path, variable] of Object.entries(child.variables())) all[join(name, path)] = variable;
    }
    return all;
  }

  /** The variables that optimizers update, by dotted path. */
  trainableVariables(): Record<string, Variable> {
    return Object.fromEntries(Object.entries(this.variables()).filter(([, variable]) => variable.trainable));
  }

  /** The variables with regularizers, those of the modules inside included. @internal */
  regularized(): [Variable, Regularizer][] {
    return [...this.#regularizers, ...Object.values(this.children()).flatMap((child) => child.regularized())];
  }

  /** How many numbers the variables hold. */
  countParameters(): number {
    return Object.values(this.variables()).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Gives the memory of all variables back. */
  dispose(): void {
    for (const variable of Object.values(this.variables())) variable.dispose();
  }

  /** Errors inside `f` say where in the model they arose. */
  protected locate<R>(f: () => R): R {
    try {
      return f();
    } catch (error) {
      if (TesseraError.is(error) && !/ \(at .*\)$/.test(error.message)) error.message += ` (at ${this.path || this.className})`;
      throw error;
    }
  }

  /** The layer's variable, which exists once it is built. */
  protected expectInput(rank: number, inputShape: Shape, layout: string): void {
    if (inputShape.length === rank) return;
    throw new UsageError(`[${this.className}] input must be ${layout}: got ${formatShape(['N' as never, ...inputShape])}`);
  }
}

let allowance = Infinity;

/**
 * Runs `f`, in which modules may make variables of at most so many numbers together: a small file that describes a large
 * model is refused before memory is taken for it. @internal
 */
export function limitVariables<R>(numbers: number, f: () => R): R {
  allowance = numbers;
  try {
    return f();
  } finally {
    allowance = Infinity;
  }
}

function spend(numbers: number): void {
  if (!(numbers <= allowance)) throw new FormatError(`[loadModel] the model described must not be larger than the weights in the file`);
  allowance -= numbers;
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

/** Names for modules that stand together: their own, or their class's in snake case, numbered from the second. */
export function nameModules(modules: readonly Module[]): Record<string, Module> {
  const named: Record<string, Module> = {};
  for (const module of modules) {
    const base = module.name || module.className.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
    let name = base;
    for (let n = 1; name in named; n++) {
      if (module.name) throw new UsageError(`[Sequential] names must differ: got ${base} twice`);
      name = `${base}_${n}`;
    }
    named[name] = module;
  }
  return named;
}
