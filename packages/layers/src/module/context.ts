import { UsageError } from '@tessera/core';
import { ambient, type AmbientContext, Random, within } from '@tessera/tensor';
import { join, snakeCase, splitPath } from './children.ts';
import type { AnyModule } from './module.ts';

/** What a call is for. */
export interface CallContext {
  /** Whether dropout drops and statistics of the batch are used. */
  readonly training: boolean;
  /** Where this call draws from. @throws UsageError if nobody above gave a source. */
  readonly random: Random;
}

/** What is given to a call; what is left out is inherited from the module that calls, field by field. */
export type Given = { readonly [K in keyof CallContext]?: CallContext[K] | undefined };

/** What all calls below one root have in common. */
class Root {
  /** How often each path was called. */
  readonly #calls: Map<string, number>;
  readonly #given: Random | undefined;
  #random: Random | undefined;
  /** Where variables draw their first values from; nothing where these are not wanted yet. */
  readonly initial: Random | undefined;

  constructor(given: Random | undefined, initial: Random | undefined, calls: ReadonlyMap<string, number> = new Map(), random?: Random) {
    this.#given = given;
    this.initial = initial;
    this.#calls = new Map(calls);
    this.#random = random;
  }

  /** The number of this call of a path. */
  count(path: string): number {
    const calls = this.#calls.get(path) ?? 0;
    this.#calls.set(path, calls + 1);
    return calls;
  }

  /** The source of one call, which depends on the seed, the path and the number of the call alone. */
  randomOf(path: string, call: number): Random | undefined {
    this.#random ??= this.#given?.fork();
    return this.#random?.split(path).split(call);
  }

  copy(): Root {
    return new Root(this.#given, this.initial, this.#calls, this.#random);
  }
}

/** What calls modules without being one. */
interface Outside extends Given {
  readonly initial?: Random | undefined;
  readonly names?: ReadonlyMap<AnyModule, string> | undefined;
}

/** What a {@link ModuleContext} is made of. */
interface Parts {
  readonly module?: AnyModule | undefined;
  readonly path: string;
  readonly training: boolean;
  readonly call: number;
  readonly names?: ReadonlyMap<AnyModule, string> | undefined;
}

/** The context of one call of a module, or of what calls modules without being one. */
export class ModuleContext implements CallContext, AmbientContext {
  readonly module: AnyModule | undefined;
  /** From the root of the model; '' there. */
  readonly path: string;
  readonly training: boolean;
  readonly #root: Root;
  readonly #call: number;
  /** Names of modules that are called from outside of any module. */
  readonly #names: ReadonlyMap<AnyModule, string> | undefined;
  #random: Random | undefined;

  private constructor(root: Root, { module, path, training, call, names }: Parts, random?: Random) {
    this.#root = root;
    this.module = module;
    this.path = path;
    this.training = training;
    this.#call = call;
    this.#names = names;
    this.#random = random;
  }

  get random(): Random {
    this.#random ??= this.#root.randomOf(this.path, this.#call);
    if (this.#random) return this.#random;
    const who = this.module?.className ?? 'random';
    throw new UsageError(`[${who}] needs a source of random numbers when training. Pass { training: true, random: new Random(seed) }.`);
  }

  /** Where variables of the module draw their first values from; nothing where these are not wanted yet. */
  get initial(): Random | undefined {
    const { initial } = this.#root;
    return initial && splitPath(initial, this.path);
  }

  copy(): ModuleContext {
    const { module, path, training } = this;
    return new ModuleContext(this.#root.copy(), { module, path, training, call: this.#call, names: this.#names }, this.#random);
  }

  /** The context of a call of `module` from what calls now. */
  static enter(module: AnyModule, { training, random }: Given): ModuleContext {
    const around = ModuleContext.current();
    if (!around) {
      const root = new Root(random, new Random(0));
      return new ModuleContext(root, { module, path: '', training: training ?? false, call: root.count('') });
    }
    const path = join(around.path, around.#nameOf(module));
    const root = random ? new Root(random, around.#root.initial) : around.#root;
    return new ModuleContext(root, { module, path, training: training ?? around.training, call: root.count(path) });
  }

  /** The context of the call that is running. */
  static current(): ModuleContext | undefined {
    const { context } = ambient();
    return context instanceof ModuleContext ? context : undefined;
  }

  /** A context of no module, in which modules are roots: with a source of first values, or none. */
  static outside({ training = false, random, initial, names }: Outside): ModuleContext {
    const root = new Root(random, initial);
    return new ModuleContext(root, { path: '', training, call: root.count(''), names });
  }

  #nameOf(module: AnyModule): string {
    if (this.module) return this.module.pathOf(module);
    if (this.#names) return this.#names.get(module) ?? (module.name || snakeCase(module.className));
    return '';
  }
}

/**
 * Runs a synchronous function in which modules are called for one purpose: they inherit `training` and `random`, and draw by the names
 * given here, so that no two of them draw alike.
 */
export function inContext<R>(given: Given, names: ReadonlyMap<AnyModule, string>, f: (context: CallContext) => R): R {
  const context = ModuleContext.outside({ ...given, names, initial: new Random(0) });
  return within({ context }, () => f(context));
}
