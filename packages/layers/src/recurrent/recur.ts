import { formatShape, ShapeError, UsageError } from '@tessera/core';
import { flip, isTensor, maskOf, setMask, type Tensor, type Variable, zeros } from '@tessera/tensor';
import { isSpec, type SpecsOf, type TensorSpec } from '../module/spec.ts';
import { realSteps } from './real-steps.ts';

/** What a recurrent layer takes where there is more than sequences. */
export interface RecurrentInput {
  /** `[N, T, features]` */
  readonly x: Tensor;
  /** The state to begin with: h `[N, units]`, and for {@link LSTM} c (default zeros). */
  readonly state?: readonly Tensor[] | undefined;
  /** Which steps are real: bool `[N, T]` (default the mask of x). */
  readonly mask?: Tensor | undefined;
}

/** What a recurrent layer gives for a {@link RecurrentInput}. */
export interface RecurrentOutput {
  /** The output of every step `[N, T, units]`. */
  readonly sequence: Tensor;
  /** The state after the last step: h `[N, units]`, and for {@link LSTM} c. */
  readonly state: readonly Tensor[];
}

/** What recurrent layers have in common. */
interface Recurrent {
  readonly className: string;
  readonly kernel: Variable;
  readonly bias: Variable | undefined;
  readonly options: { readonly units: number; readonly returnSequences: boolean; readonly goBackwards: boolean };
}

/**
 * The states after every step, `[N, T, units]` each and h first, from the inputs' part of all steps z = x·W + b `[N, T, gates·units]`
 * and the first state.
 */
type Cell = (z: Tensor, state: readonly Tensor[]) => readonly Tensor[];

/**
 * Runs a cell over sequences; the inputs' part of all steps is one product. A step that is not real leaves the state as it was and
 * repeats the last output, which is 0 before the first real step.
 */
export function recur(layer: Recurrent, input: Tensor | RecurrentInput, states: number, cell: Cell): Tensor | RecurrentOutput {
  const { x, state, mask: given }: RecurrentInput = isTensor(input) ? { x: input } : input;
  const { units, returnSequences, goBackwards } = layer.options;
  const inOrder = (steps: Tensor): Tensor => (goBackwards ? flip(steps, 1) : steps);
  const known = given ? expectMask(layer, given, x) : maskOf(x);
  const mask = known && inOrder(known);
  const real = mask && realSteps(mask);

  const product = (real ? real.toFront(inOrder(x)) : inOrder(x)).matmul(layer.kernel.read());
  const z = layer.bias ? product.add(layer.bias.read()) : product;
  const first = state ?? Array.from({ length: states }, () => zeros([z.shape[0]!, units], { dtype: z.dtype, backend: z.backend }));
  if (first.length !== states) throw new UsageError(`[${layer.className}] a state must be ${states} tensors: got ${first.length}`);
  const after = cell(z, first);
  const h = after[0]!;
  if (isTensor(input) && !returnSequences) return real ? real.last(h, 0) : h.at(':', -1);
  const sequence = real ? real.toPlaces(h) : h;
  setMask(sequence, mask);
  if (isTensor(input)) return sequence;
  return { sequence, state: after.map((part, i) => (real ? real.last(part, first[i]!) : part.at(':', -1))) };
}

function expectMask({ className }: Recurrent, mask: Tensor, { shape }: Tensor): Tensor {
  if (mask.dtype === 'bool' && mask.rank === 2 && mask.shape[0] === shape[0] && mask.shape[1] === shape[1]) return mask;
  throw new ShapeError(
    `[${className}] the mask must be bool [N, T] for x [N, T, features]: got ${mask.dtype} ${formatShape(mask.shape)} for ${formatShape(shape)}`,
  );
}

/** The spec of the sequences. */
export function specOfSequences(input: TensorSpec | SpecsOf<RecurrentInput>): TensorSpec {
  return isSpec(input) ? input : input.x;
}
