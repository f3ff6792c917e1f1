import { type Backend, ShapeError, treeFlatten, UsageError } from '@tessera/core';
import { ambient, within } from '../ambient.ts';
import { isTensor } from '../brand.ts';
import { tensor } from '../creation.ts';
import { activeDevice, run, withoutOps } from '../door.ts';
import type { Tensor } from '../tensor.ts';
import { Tracer } from '../trace.ts';
import type { StateHandler } from '../variable.ts';

/** Options of {@link scan}. */
export interface ScanOptions {
  /** How often, where there are no sequences to tell. */
  readonly length?: number;
  /** From the last element to the first; outputs keep their places (default `false`). */
  readonly reverse?: boolean;
}

/**
 * A loop over axis 0: `[carry, y] = f(carry, x)` for each element x, with the last carry and the stacked y's as the
 * result. The body is traced once, so a long loop is no larger than a short one. Carry, x and y are trees of tensors.
 *
 * @example
 * const [total, sums] = scan((sum, x) => [sum.add(x), sum.add(x)], zeros([]), tensor([1, 2, 3])) // 6, [1, 3, 6]
 */
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: C,
  xs: X,
  { length, reverse = false }: ScanOptions = {},
): [carry: C, ys: Y] {
  const [carry, sequences] = [treeFlatten(init), treeFlatten(xs)];
  const inputs = [...carry.leaves, ...(xs === undefined ? [] : sequences.leaves)] as Tensor[];
  if (!inputs.every(isTensor)) throw new UsageError('[scan] the carry and the sequences must be trees of tensors');
  const nCarry = carry.leaves.length;
  const count = length ?? inputs[nCarry]?.shape[0];
  if (count === undefined) throw new ShapeError('[scan] needs a sequence or a length');
  const specs = inputs.map(({ shape, dtype }, i) => ({ shape: i < nCarry ? shape : shape.slice(1), dtype }));

  let result: unknown;
  const tracer = new Tracer((activeDevice() ?? inputs[0]!.device).backend);
  const values = specs.map((spec) => tracer.input(spec));
  // The number of the iteration enters as a sequence where something is drawn in the body.
  let step: Tensor | undefined;
  const loop = { outer: ambient().loop, step: () => (step ??= tracer.input({ shape: [2], dtype: 'int32' })) };
  const body = (): Tensor[] => {
    const [next, y] = f(
      carry.unflatten(values.slice(0, nCarry)) as C,
      (xs === undefined ? undefined : sequences.unflatten(values.slice(nCarry))) as X,
    );
    result = y;
    return [...treeFlatten(next).leaves, ...treeFlatten(y).leaves.filter(isTensor)] as Tensor[];
  };
  const made = withoutOps(() => within({ device: tracer, loop, state: withoutAssigning(ambient().state) }, body));
  const graph = tracer.finish(made);
  const { captured } = tracer;
  const steps = step ? [stepNumbers(count, inputs[0]?.backend ?? tracer.backend)] : [];
  // Captured tensors are the constants; they come first.
  const own = graph.inputs.length - captured.length;
  const iteration = { ...graph, inputs: [...graph.inputs.slice(own), ...graph.inputs.slice(0, own)] };
  const attributes = { body: iteration, constants: captured.length, carry: nCarry, length: count, reverse };
  const outputs = run('scan', [...captured, ...inputs, ...steps], attributes);
  const ys = treeFlatten(result);
  const stacked = outputs.slice(nCarry);
  let at = 0;
  const placed = ys.leaves.map((leaf) => (isTensor(leaf) ? stacked[at++] : leaf));
  return [carry.unflatten(outputs.slice(0, nCarry)) as C, ys.unflatten(placed) as Y];
}

/** Variables as they are around a loop's body, which is traced once: what an iteration assigned no other one would find. */
function withoutAssigning(around: StateHandler | undefined): StateHandler {
  return {
    trace: around?.trace,
    read: (cell) => around?.read(cell) ?? cell.peek().alias(),
    assign(cell) {
      const name = (cell as { name?: string }).name || 'one';
      throw new UsageError(`[scan] the body of a loop cannot assign variables: got ${name}. Make its value part of the carry.`);
    },
    counter: around?.counter?.bind(around),
  };
}

/** `[length, 2]`: each iteration's number and 0, as counters are. */
function stepNumbers(length: number, backend: Backend): Tensor {
  return tensor(
    Int32Array.from({ length: 2 * length }, (_, i) => (i % 2 === 0 ? i / 2 : 0)),
    { shape: [length, 2], backend },
  );
}
