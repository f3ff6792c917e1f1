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

/** The context of one call of a module, or of what calls modules without being one. */
export class Frame implements CallContext, AmbientContext {
  readonly module: AnyModule | undefined;
  /** From the root of the model; '' there. */
  readonly path: string;
  readonly training: boolean;
  readonly #root: Root;
  readonly #call: number;
  /** Names of modules that are called from outside of any module. */
  readonly #names: ReadonlyMap<AnyModule, string> | undefined;
  #random: Random | undefined;

  private constructor(
    root: Root,
    {
      module,
      path,
      training,
      call,
      names,
    }: { module?: AnyModule; path: string; training: boolean; call: number; names?: ReadonlyMap<AnyModule, string> },
    random?: Random,
  ) {
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

  copy(): Frame {
    return new Frame(this.#root.copy(), { ...this.#parts(), training: this.training }, this.#random);
  }

  #parts(): { module?: AnyModule; path: string; call: number; names?: ReadonlyMap<AnyModule, string> } {
    return {
      path: this.path,
      call: this.#call,
      ...(this.module ? { module: this.module } : {}),
      ...(this.#names ? { names: this.#names } : {}),
    };
  }

  /** The frame of a call of `module` from what calls now. */
  static enter(module: AnyModule, { training, random }: Given): Frame {
    const around = Frame.current();
    if (!around) {
      const root = new Root(random, new Random(0));
      return new Frame(root, { module, path: '', training: training ?? false, call: root.count('') });
    }
    const path = join(around.path, around.#nameOf(module));
    const root = random ? new Root(random, around.#root.initial) : around.#root;
    return new Frame(root, { module, path, training: training ?? around.training, call: root.count(path) });
  }

  /** The frame of the call that is running. */
  static current(): Frame | undefined {
    const { context } = ambient();
    return context instanceof Frame ? context : undefined;
  }

  /** A frame of no module, in which modules are roots: with a source of first values, or none. */
  static outside({
    training = false,
    random,
    initial,
    names,
  }: Partial<Given> & { initial?: Random | undefined; names?: ReadonlyMap<AnyModule, string> }): Frame {
    const root = new Root(random, initial);
    return new Frame(root, { path: '', training: training ?? false, call: root.count(''), ...(names ? { names } : {}) });
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
  const frame = Frame.outside({ ...given, names, initial: new Random(0) });
  return within({ context: frame }, () => f(frame));
}
