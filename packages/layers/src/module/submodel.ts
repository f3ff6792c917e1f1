import { treeMap, UsageError } from '@tessera/core';
import { outline, type Tensor, within } from '@tessera/tensor';
import { module, text } from '../options/rows.ts';
import type { Options } from '../options/option.ts';
import { type AnyModule, Module, type ModuleOptions } from './module.ts';
import { modulesOf } from './modules-of.ts';
import { ModuleContext } from './context.ts';
import { listening } from './listening.ts';
import { type SpecsOf, withBatchAxis } from './spec.ts';

/** A model up to the output of one of its layers: what comes after is no part of it. */
export class Submodel<I = Tensor, O = Tensor> extends Module<I, O> {
  static readonly className = 'Submodel';
  static readonly positional: readonly string[] = ['model', 'layer'];
  static readonly options: Options<{ model: AnyModule; layer: string }> = { model: module(), layer: text() };
  declare readonly options: { readonly model: AnyModule; readonly layer: string };
  readonly #target: AnyModule;
  /** The layers that are called on the way, by their paths in the model. */
  #used: Readonly<Record<string, AnyModule>> = {};
  #around: Readonly<Record<string, AnyModule>> = {};

  constructor(model: Module<I, unknown>, layer: string, options: ModuleOptions = {}) {
    super({ ...options, model, layer });
    const paths = modulesOf(model as never);
    const target = paths.find(([path]) => path === layer)?.[1];
    if (!target) throw new UsageError(`[submodel] layer must be one of ${paths.flatMap(([path]) => path || []).join(', ')}: got ${layer}`);
    this.#target = target;
  }

  protected override create(input: SpecsOf<I>): void {
    const called = new Set<AnyModule>();
    const batch = treeMap(withBatchAxis, input);
    within({ context: ModuleContext.outside({}) }, () => outline(batch, (x) => this.#run(x as I, (module) => called.add(module))));
    // A layer stands for those inside it.
    const paths = modulesOf(this.options.model).filter(([, module]) => called.has(module));
    const inside = (path: string): boolean => paths.some(([other]) => path.startsWith(`${other}.`));
    this.#used = Object.fromEntries(paths.filter(([path]) => !inside(path)));
    // The layers around the target: their calls do not come to an end.
    const { model, layer } = this.options;
    const around = modulesOf(model).filter(([path, module]) => !called.has(module) && (path === '' || layer.startsWith(`${path}.`)));
    this.#around = Object.fromEntries(around.filter(([, module]) => Object.keys(module.ownVariables()).length > 0));
  }

  override children(): Readonly<Record<string, AnyModule>> {
    return this.#used;
  }

  override cutModules(): Readonly<Record<string, AnyModule>> {
    return this.#around;
  }

  override pathOf(module: AnyModule): string {
    return module === this.options.model ? '' : super.pathOf(module);
  }

  override call(x: I): O {
    return this.#run(x, () => {}) as O;
  }

  #run(x: I, onCall: (module: AnyModule) => void): unknown {
    const stopped = new Stopped();
    try {
      listening(
        (called, y) => {
          onCall(called);
          if (called !== this.#target) return;
          stopped.output = y;
          throw stopped;
        },
        () => this.options.model.apply(x as never),
      );
    } catch (error) {
      if (error === stopped) return stopped.output;
      throw error;
    }
    throw new UsageError(`[submodel] the model must call the layer ${this.options.layer}: it did not`);
  }
}

/** Thrown to leave the rest of a model out. */
class Stopped {
  output: unknown;
}

/**
 * A model cut at a layer: from the model's input to the output of the layer at a path, which need not be an output of the model. It
 * shares the layers with the model; where the layer is called several times, the first counts.
 *
 * @example
 * const backbone = submodel(net, 'down.4', { name: 'backbone' });
 * backbone.trainable = false;
 */
export function submodel<I, O = Tensor>(model: Module<I, unknown>, layer: string, options?: ModuleOptions): Module<I, O> {
  return new Submodel<I, O>(model, layer, options);
}
