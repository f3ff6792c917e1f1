import type { Tensor } from './tensor.ts';
import { isTensor } from './brand.ts';
import { retaining } from './door.ts';
import { treeLeaves } from '@tessera/core';

const active: Scope[] = [];

/** The innermost scope whose synchronous part is running. */
export function currentScope(): Scope | undefined {
  return active.at(-1);
}

/** The tensors made while it ran, to be freed together. Made by {@link tidy}. */
export class Scope {
  readonly #tensors: Set<Tensor> = new Set();
  readonly #parent: Scope | undefined = currentScope();

  /** Runs a synchronous function whose tensors belong to this scope; use it after an `await`. */
  run<R>(f: () => R): R {
    active.push(this);
    try {
      return f();
    } finally {
      active.pop();
    }
  }

  /** Takes a tensor out of this scope, so that it lives on. */
  keep<T extends Tensor>(tensor: T): T {
    this.remove(tensor);
    return tensor;
  }

  /** @internal */
  add(tensor: Tensor): void {
    this.#tensors.add(tensor);
    tensor.scope = this;
  }

  /** @internal */
  remove(tensor: Tensor): void {
    if (this.#tensors.delete(tensor)) tensor.scope = undefined;
  }

  /** Frees everything but the tensors in `result`, which move to the scope around this one. @internal */
  end(result?: unknown): void {
    const survivors = retaining() ? [...this.#tensors] : treeLeaves(result);
    for (const leaf of survivors) {
      if (!isTensor(leaf)) continue;
      this.#handOn(leaf);
      if (leaf.mask) this.#handOn(leaf.mask);
    }
    for (const tensor of this.#tensors) tensor.dispose();
  }

  #handOn(tensor: Tensor): void {
    if (tensor.scope !== this) return;
    this.remove(tensor);
    this.#parent?.add(tensor);
  }
}

/**
 * Frees every tensor that `f` made, except those it returns (in arrays and plain objects, at any depth).
 *
 * An asynchronous `f` has its scope to hand: what it makes before its first `await` is tracked by itself, and after
 * that what is made inside `scope.run(() => …)`. Scopes that interleave never free each other's tensors.
 *
 * @example
 * const norm = tidy(() => x.mul(x).sum().sqrt()) // x·x and the sum are freed
 */
export function tidy<R>(f: (scope: Scope) => R): R {
  const scope = new Scope();
  let result: R;
  try {
    result = scope.run(() => f(scope));
  } catch (error) {
    scope.end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    scope.end(result);
    return result;
  }
  return result.then(
    (value) => {
      scope.end(value);
      return value;
    },
    (error) => {
      scope.end();
      throw error;
    },
  ) as R;
}

/** Takes a tensor out of its scope, so that it lives until it is disposed. */
export function keep<T extends Tensor>(tensor: T): T {
  tensor.scope?.remove(tensor);
  return tensor;
}
