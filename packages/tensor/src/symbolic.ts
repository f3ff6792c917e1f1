import { type Flattened, inferSpecs, type Spec, TesseraError, treeFlatten, UsageError } from '@tessera/core';
import { snapshot, within } from './ambient.ts';
import { isTensor } from './brand.ts';
import { defaultBackend } from './default-backend.ts';
import type { Device } from './device.ts';
import { run } from './door.ts';
import { eager } from './eager.ts';
import { opNameOf, recordWith } from './op.ts';
import type { Random } from './ops/random.ts';
import { tidy } from './scope.ts';
import { Tensor } from './tensor.ts';
import { isComputedFromUnknown, isUnknown } from './unknown-axis.ts';
import type { StateHandler } from './variable.ts';

/** The call that made a symbolic tensor. */
export interface Origin {
  /** What was called: an op, as it is exported; a composite or the name of a primitive; or whatever {@link recordCall} was told. */
  readonly callee: unknown;
  /** The arguments as they were given, trailing `undefined` left out. */
  readonly args: readonly unknown[];
  /** All that the call returned, in which the tensor stands. */
  readonly result: unknown;
}

const origins = new WeakMap<Tensor, Origin>();

/** The device of symbolic tensors: what is done to them is not computed but recorded, call by call. */
const symbolic: Device = {
  takesAny: true,
  get backend() {
    return defaultBackend();
  },
  answers: () => true,
  upload: (bytes, spec) => eager(defaultBackend()).upload(bytes, spec),
  execute: (op, inputs, attributes) =>
    recordCall(op, [inputs, attributes], (stand, same) => run(op as never, stand as readonly Tensor[], same as never)),
};

/**
 * A tensor without elements, from which a graph of calls is built: every op works with it and is remembered as it was called. Axes of
 * unknown length are `UNKNOWN`.
 *
 * @example
 * const x = symbol({ shape: [UNKNOWN, 28, 28], dtype: 'float32' })
 * originOf(x.mean({ axis: 0 })) // { callee: mean, args: [x, { axis: 0 }], … }
 */
export function symbol({ shape, dtype }: Spec): Tensor {
  recordWith({ device: symbolic, record: recordCall });
  return new Tensor(symbolic, { shape, dtype });
}

/** Whether a value is a tensor made by {@link symbol}, or by a call with such a tensor. */
export function isSymbolic(value: unknown): value is Tensor {
  return isTensor(value) && value.device === symbolic;
}

/** The call that made a symbolic tensor; nothing for one made by {@link symbol}. */
export function originOf(x: Tensor): Origin | undefined {
  return origins.get(x);
}

/**
 * Remembers a call with symbolic tensors among its arguments, and gives what it returns with symbolic tensors for tensors: `evaluate` is
 * run once on tensors that have a shape and a dtype alone, where variables and sources of random numbers stay as they are.
 *
 * @throws UsageError if an argument holds the length of an axis that is not known.
 */
export function recordCall<A extends readonly unknown[], R>(callee: unknown, args: A, evaluate: (...args: A) => R): R {
  const given = args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
  const flat = treeFlatten(given);
  checkArguments(nameOf(callee), flat);
  const { leaves, unflatten } = flat;
  const stand = leaves.map((leaf) => (isSymbolic(leaf) ? new Tensor(outlines, leaf) : leaf));
  return tidy(() => {
    const result = treeFlatten(outlined(() => evaluate(...(unflatten(stand) as unknown as A))));
    const symbols = result.leaves.map((leaf) => (isTensor(leaf) ? new Tensor(symbolic, leaf) : leaf));
    const origin = { callee, args: unflatten(leaves) as unknown[], result: result.unflatten(symbols) };
    for (const made of symbols) if (isSymbolic(made)) origins.set(made, origin);
    return origin.result as R;
  });
}

/** Answers with tensors of a shape and a dtype alone. */
const outlines: Device = {
  get backend() {
    return defaultBackend();
  },
  answers: () => true,
  upload: (_, spec) => new Tensor(outlines, spec),
  execute: (op, inputs, attributes) => inferSpecs(op, inputs, attributes).map((spec) => new Tensor(outlines, spec)),
};

/**
 * Runs a function for shapes and dtypes alone: on stand-ins for the leaves of a tree, which have a shape and a dtype. Variables are
 * not assigned, and sources of random numbers stay where they are.
 *
 * @example
 * outline({ x: images }, ({ x }) => model.apply(x).shape)
 */
export function outline<T, R>(tree: T, f: (outlines: T) => R): R {
  const { leaves, unflatten } = treeFlatten(tree);
  return tidy(() => outlined(() => f(unflatten(leaves.map((leaf) => new Tensor(outlines, leaf as Spec))) as T)));
}

/** Runs a function for the shapes of what it returns: nothing is computed, assigned, drawn or told. */
function outlined<R>(f: () => R): R {
  const draws = new Map<Random, number>();
  const draw = (random: Random): void => void (draws.has(random) || draws.set(random, random.draws));
  const state: StateHandler = { trace: undefined, read: (cell) => new Tensor(outlines, cell), assign: () => {} };
  try {
    return within({ ...snapshot(), device: outlines, recorders: [{ draw }], state }, f);
  } catch (error) {
    throw TesseraError.is(error) ? withUnknownLengths(error) : error;
  } finally {
    for (const [random, before] of draws) random.draws = before;
  }
}

/** The message with `?` for lengths that are not known. */
function withUnknownLengths(error: TesseraError): TesseraError {
  error.message = error.message.replace(/\d+(\.\d+)?(e\+\d+)?/g, (number) => (isUnknown(Number(number)) ? '?' : number));
  return error;
}

function nameOf(callee: unknown): string {
  if (typeof callee === 'string') return callee;
  if (typeof callee === 'function') return opNameOf(callee) ?? callee.name;
  const { name, constructor } = callee as { name?: unknown; constructor: { name: string } };
  return typeof name === 'string' ? name : constructor.name;
}

/** Rejects arguments that would be right for no length but the stand-in. */
function checkArguments(where: string, { leaves, paths }: Flattened): void {
  leaves.forEach((leaf, i) => {
    // In an array, below the list of arguments: a shape, edges, indices.
    const listed = /\.\d+$/.test(paths[i]!);
    if (listed && typeof leaf === 'number' && isUnknown(leaf) && leaf !== Infinity) {
      throw new UsageError(`[${where}] got the length of an axis that is not known. Use -1 for it.`);
    }
    const numbers = typeof leaf === 'number' ? [leaf] : typeof leaf === 'string' ? (leaf.match(/\d+/g) ?? []).map(Number) : [];
    if (numbers.some(isComputedFromUnknown)) {
      throw new UsageError(`[${where}] got the length of an axis that is not known. Use an op that finds it by itself, such as mean.`);
    }
    if (isTensor(leaf) && leaf.device !== symbolic && leaf.shape.some(isUnknown)) {
      throw new UsageError(
        `[${where}] got a tensor made with the length of an axis that is not known. Make it from a symbolic tensor, as by zerosLike.`,
      );
    }
  });
}
