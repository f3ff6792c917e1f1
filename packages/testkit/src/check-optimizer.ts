import { grad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import type { Backend } from '@tessera/core';
import {
  FlatParameters,
  isTensor,
  memory,
  tensor,
  type Tensor,
  tidy,
  treeFlatten,
  treeLeaves,
  treeMap,
  Variable,
  zerosLike,
} from '@tessera/tensor';
import { expectSameStructure } from './check-metric.ts';
import { CheckError, expectClose } from './compare.ts';
import { onBackend } from './on-backend.ts';
import { tolerances } from './tolerance.ts';

/** A tree of parameters of the kind that optimizers take. */
export interface ParametersLike {
  readonly [name: string]: Tensor;
}

/** An optimizer by its shape, so that the check does not depend on a package of optimizers. */
export interface OptimizerLike {
  /** The group of a parameter; those of one may be handed over end to end. */
  groupOf?(path: string): string | undefined;
  init(parameters: ParametersLike): unknown;
  update(gradients: ParametersLike, state: never, parameters: ParametersLike): { updates: unknown; state: unknown };
}

/** Options of {@link checkOptimizer}. */
export interface OptimizerCheckOptions {
  readonly name: string;
  /** How many steps must bring a quadratic's loss down (default 100). */
  readonly steps?: number;
  /** Whether it climbs instead (default `false`). */
  readonly maximize?: boolean;
}

interface State {
  readonly parameters: ParametersLike;
  readonly state: unknown;
}

/** ½Σ(w − 1)² + 2Σ(b + 1)², from zero. */
const loss = ({ w, b }: ParametersLike): Tensor => w!.sub(1).square().sum().div(2).add(b!.add(1).square().sum().mul(2));

/**
 * Checks an optimizer on a backend: its state is a tree of tensors that keeps its structure, and updates have that of
 * the parameters; it holds nothing itself; captured steps equal eager ones; parameters of a group may be laid end to end; a quadratic's loss goes down; a gradient of
 * zero gives finite updates; memory stays flat.
 *
 * @throws CheckError that says what is wrong.
 */
export async function checkOptimizer(optimizer: OptimizerLike, options: OptimizerCheckOptions, backend: Backend): Promise<void> {
  await onBackend(backend, () => check(optimizer, options, backend));
}

async function check(
  optimizer: OptimizerLike,
  { name, steps = 100, maximize = false }: OptimizerCheckOptions,
  backend: Backend,
): Promise<void> {
  const where = `${name} on ${backend.name}`;
  const start = (): State => {
    const parameters = {
      w: tensor([
        [0, 0, 0],
        [0, 0, 0],
      ]),
      b: tensor([0, 0]),
    };
    return { parameters, state: optimizer.init(parameters) };
  };
  const advance = ({ parameters, state }: State, gradients: ParametersLike): State => {
    const { updates, state: next } = optimizer.update(gradients, state as never, parameters);
    const added = treeFlatten(updates).leaves as Tensor[];
    expectSameStructure(`${where}: updates`, updates, parameters);
    return {
      parameters: Object.fromEntries(Object.entries(parameters).map(([key, value], i) => [key, value.add(added[i]!)])),
      state: next,
    };
  };
  const step = (from: State): State => tidy(() => advance(from, grad(loss)(from.parameters)));

  const first = start();
  const stray = treeFlatten(first.state).leaves.findIndex((leaf) => !isTensor(leaf));
  if (stray >= 0) throw new CheckError(`[${where}] the state must be a tree of tensors: got ${typeof treeLeaves(first.state)[stray]}`);
  const second = step(first);
  expectSameStructure(where, second.state, first.state);
  await expectAlike(`${where} stepping twice from one state`, step(first), second);

  const captured = capture(step);
  await expectAlike(`${where} captured`, captured(captured(first)), step(second));
  const twice = step(second).parameters;
  const flat = tidy(() => twoStepsFlat(optimizer, first.parameters));
  for (const [path, got] of Object.entries(flat)) await expectClose(`${where} laid end to end`, got, twice[path]!, tolerances.reduction);
  const atRest = advance(first, { w: zerosLike(first.parameters['w']!), b: zerosLike(first.parameters['b']!) });
  for (const leaf of [...treeLeaves(atRest.parameters), ...treeLeaves(atRest.state)] as Tensor[]) {
    if (![...(await leaf.data())].every((value) => Number.isFinite(Number(value)))) {
      throw new CheckError(`[${where}] a gradient of zero must leave everything finite`);
    }
  }

  const began = await loss(first.parameters).item();
  let now = start();
  let live = 0;
  for (let i = 0; i < steps; i++) {
    const next = captured(now);
    for (const old of [...treeLeaves(now.parameters), ...treeLeaves(now.state)] as Tensor[]) old.dispose();
    now = next;
    if (i === 1) live = memory(backend).liveBytes;
  }
  if (memory(backend).liveBytes !== live) {
    throw new CheckError(
      `[${where}] memory must stay flat: got ${memory(backend).liveBytes} bytes after ${steps} steps, ${live} after two`,
    );
  }
  const ended = await loss(now.parameters).item();
  if (maximize ? !(ended > began) : !(ended < began)) {
    throw new CheckError(`[${where}] the loss must go ${maximize ? 'up' : 'down'}: got ${ended} after ${steps} steps, from ${began}`);
  }
  captured.dispose();
}

function twoStepsFlat(optimizer: OptimizerLike, parameters: ParametersLike): Record<string, Tensor> {
  const variables = treeMap((value: Tensor) => new Variable(value), parameters);
  const flat = new FlatParameters(variables, { groupOf: (path) => optimizer.groupOf?.(path) });
  let state = optimizer.init(flat.read());
  for (let i = 0; i < 2; i++) {
    const gradients = flat.flatten(grad(loss)(flat.unflatten(flat.read())));
    const { updates, state: next } = optimizer.update(gradients, state as never, flat.read());
    flat.assign(treeMap((value: Tensor, update: Tensor) => value.add(update), flat.read(), updates) as Record<string, Tensor>);
    state = next;
  }
  const result = flat.unflatten(flat.read());
  for (const variable of Object.values(variables)) variable.dispose();
  return result;
}

async function expectAlike(where: string, got: State, expected: State): Promise<void> {
  const [a, b] = [treeLeaves(got), treeLeaves(expected)] as [Tensor[], Tensor[]];
  for (const [i, leaf] of a.entries()) await expectClose(where, leaf, b[i]!, tolerances.exact);
}
