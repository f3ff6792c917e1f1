import { type DType, type Shape, StateError, treeFlatten, treeLeaves, treeMap, UsageError } from '@tessera/core';
import { isSymbolic, isTensor, keep, opNameOf, type Origin, originOf, symbol, type Tensor, zeros } from '@tessera/tensor';
import type { Json, Loader, Saver } from '../options/json.ts';
import { isModule } from './brand.ts';
import { nameModules } from './children.ts';
import type { CallContext } from './context.ts';
import { type AnyModule, Module, type ModuleOptions } from './module.ts';
import { type SpecsLike, specsOfJson, specsOfTensors, type TensorSpec, withBatchAxis } from './spec.ts';

/** What a {@link Model} is made of. */
export interface ModelOptions<I, O> extends ModuleOptions {
  /** The tree that the model takes, with a symbolic tensor for each tensor. */
  readonly inputs: I;
  /** The tree that it gives. */
  readonly outputs: O;
}

/**
 * A graph of calls of layers and ops between inputs and outputs, each a tree of symbolic tensors: one, a tuple, or a record. A layer
 * called twice shares its variables.
 *
 * @throws UsageError where the outputs depend on an input that is not among the inputs.
 * @example
 * const x = input([28, 28, 1])
 * const features = new Flatten().apply(x)
 * const model = new Model({ inputs: x, outputs: { digit: new Dense(10).apply(features), norm: features.square().mean(1) } })
 */
export class Model<I = Tensor, O = Tensor> extends Module<I, O> {
  static readonly className = 'Model';
  readonly #inputs: unknown;
  readonly #outputs: unknown;
  readonly #calls: readonly Origin[];
  readonly #named: Record<string, AnyModule>;
  /** Tensors with elements among the arguments of calls, by the name of the variable that holds each. */
  readonly #constants: Map<Tensor, string> = new Map();

  constructor({ inputs, outputs, ...options }: ModelOptions<I, O>) {
    super(options);
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#calls = callsBetween(symbolsOf(inputs, 'inputs'), symbolsOf(outputs, 'outputs'));
    this.#named = nameModules(
      this as never,
      this.#calls.flatMap(({ callee }) => (isModule(callee) ? [callee] : [])),
    );
    const tensors = this.#calls.flatMap(({ args }) => treeLeaves(args).filter((leaf) => isTensor(leaf) && !isSymbolic(leaf)));
    for (const tensor of new Set(tensors as Tensor[])) this.#constants.set(keep(tensor), `constant_${this.#constants.size}`);
    this.build(specsOfTensors(inputs) as SpecsLike<I>);
  }

  protected override create(): void {
    for (const [tensor, name] of this.#constants) {
      this.variable(name, { shape: tensor.shape, initializer: () => tensor.alias(), trainable: false });
    }
  }

  override children(): Readonly<Record<string, AnyModule>> {
    return this.#named;
  }

  override call(x: I, _context: CallContext): O {
    const values = new Map<unknown, unknown>();
    const bind = (symbols: unknown, given: unknown): void => {
      treeMap((symbol: unknown, value: unknown) => void values.set(symbol, value), symbols, given);
    };
    expectInputs(this.#inputs, x);
    bind(this.#inputs, x);
    const constants = this.ownVariables();
    for (const [tensor, name] of this.#constants) values.set(tensor, constants[name]!.read());
    for (const { callee, args, result } of this.#calls) {
      const given = treeMap((leaf: unknown) => (values.has(leaf) ? values.get(leaf) : leaf), args) as never[];
      bind(result, isModule(callee) ? callee.apply(given[0] as never, given[1]) : (callee as (...args: never[]) => unknown)(...given));
    }
    return treeMap((symbol: unknown) => values.get(symbol), this.#outputs) as O;
  }

  override config(saver: Saver): Record<string, Json> {
    const numbers = new Map<unknown, number>();
    const number = (tree: unknown): void => treeLeaves(tree).forEach((leaf) => isSymbolic(leaf) && numbers.set(leaf, numbers.size));
    const constants = [...this.#constants.keys()];
    const encode = (where: string, value: unknown): Json => {
      if (numbers.has(value)) return { $: numbers.get(value)! };
      if (isTensor(value)) return { $constant: constants.indexOf(value) };
      if (Array.isArray(value)) return value.map((one) => encode(where, one));
      if (isPlainRecord(value)) {
        return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, encode(where, one)]])));
      }
      if (value === undefined || value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)) {
        return (value ?? null) as Json;
      }
      throw new StateError(
        `[saveModel] arguments of ${where} in a graph must be tensors, numbers, strings, or trees of them: got ${typeof value}. Put the call into a layer of your own.`,
      );
    };
    number(this.#inputs);
    const calls = this.#calls.map(({ callee, args, result }): Json => {
      const op = opNameOf(callee);
      if (!isModule(callee) && !op) {
        throw new StateError(
          '[saveModel] calls in a graph must be of layers, or of ops that have a name: wrap the function in op(name, f)',
        );
      }
      const encoded = encode(isModule(callee) ? callee.className : op!, args);
      number(result);
      return { ...(isModule(callee) ? { layer: saver.module(callee) } : { op: op! }), args: encoded };
    });
    return {
      ...super.config(saver),
      inputs: treeMap((spec: TensorSpec) => spec.toJSON() as Json, specsOfTensors(this.#inputs)) as Json,
      constants: constants.map(({ shape, dtype }) => ({ shape, dtype })),
      calls,
      outputs: encode('outputs', this.#outputs),
    };
  }

  /** The model of a configuration that {@link config} gave: its calls are made again. The values of constants are among its variables. */
  static fromConfig({ inputs, constants, calls, outputs, ...options }: GraphConfig, loader: Loader): Model<never, unknown> {
    const symbols: unknown[] = [];
    const values = constants.map(({ shape, dtype }) => zeros(shape, { dtype }));
    const decode = (json: Json | undefined): unknown => {
      if (Array.isArray(json)) return json.map(decode);
      if (!isPlainRecord(json)) return json;
      if (typeof json['$'] === 'number') return symbols[json['$']];
      if (typeof json['$constant'] === 'number') return values[json['$constant']];
      return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, decode(one as Json)]));
    };
    const note = <T>(tree: T): T => (symbols.push(...treeLeaves(tree).filter(isSymbolic)), tree);
    const given = note(treeMap((spec: TensorSpec) => symbol(withBatchAxis(spec)), specsOfJson(inputs)));
    for (const { layer, op, args } of calls) {
      const list = decode(args) as never[];
      if (layer !== undefined) {
        note(loader.module(layer).apply(...(list as [never])));
        continue;
      }
      const f = loader.find(op!) as ((...args: never[]) => unknown) | undefined;
      if (!f)
        throw new StateError(`[loadModel] the file names the op ${op}. Pass it in { ops }: those of @tessera/tensor are import * as ops.`);
      note(f(...list));
    }
    return new Model({ ...options, inputs: given, outputs: decode(outputs) }) as Model<never, unknown>;
  }
}

/** What {@link Model.config} gives. */
interface GraphConfig extends ModuleOptions {
  readonly inputs: Json;
  readonly constants: readonly { readonly shape: Shape; readonly dtype: DType }[];
  readonly calls: readonly GraphCall[];
  readonly outputs: Json;
}

/** A call of a layer or an op; tensors among the arguments are `{ $: n }`, the n-th tensor of the graph, or `{ $constant: n }`. */
interface GraphCall {
  readonly layer?: Json;
  readonly op?: string;
  readonly args: Json;
}

function isPlainRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isTensor(value);
}

function symbolsOf(tree: unknown, what: string): Tensor[] {
  return treeLeaves(tree).map((leaf) => {
    if (isSymbolic(leaf)) return leaf;
    throw new UsageError(
      `[Model] ${what} must be symbolic tensors, from input() and what was called on it: got ${isTensor(leaf) ? 'a tensor with elements' : typeof leaf}`,
    );
  });
}

/** Checks that inputs have the structure that the model takes. */
function expectInputs(expected: unknown, given: unknown): void {
  const [a, b] = [treeFlatten(expected), treeFlatten(given)];
  if (a.paths.length === b.paths.length && b.leaves.every(isTensor) && a.paths.every((path) => b.paths.includes(path))) return;
  const told = (paths: readonly string[]): string => (paths.length === 1 && paths[0] === '' ? 'one tensor' : `{ ${paths.join(', ')} }`);
  throw new UsageError(`[Model] inputs must be ${told(a.paths)}: got ${told(b.paths)}`);
}

/** The calls that the outputs depend on, each after those that it depends on itself. */
function callsBetween(inputs: readonly Tensor[], outputs: readonly Tensor[]): Origin[] {
  const order: Origin[] = [];
  const seen = new Set<unknown>(inputs);
  // A stack instead of recursion: graphs are as deep as they have layers.
  const stack: (Tensor | Origin)[] = [...outputs].reverse();
  while (stack.length > 0) {
    const next = stack.pop()!;
    if (!isTensor(next)) {
      order.push(next);
      continue;
    }
    if (seen.has(next)) continue;
    seen.add(next);
    const origin = originOf(next);
    if (!origin) throw new UsageError('[Model] the outputs depend on an input that is not among the inputs');
    if (seen.has(origin)) continue;
    seen.add(origin);
    stack.push(origin, ...(treeLeaves(origin.args).filter(isSymbolic) as Tensor[]).reverse());
  }
  return order;
}
