import { formatShape, type Shape, ShapeError } from '@tessera/core';
import { cumsum, greater, isTensor, less, lessEqual, logicalNot, logicalOr, maskOf, ones, type Tensor, where } from '@tessera/tensor';
import { isSpec, type SpecsOf, type TensorSpec } from '../module/spec.ts';

/** What a layer of attention takes where sequences do not attend to themselves. */
export interface AttentionInput {
  /** `[N, T, features]` */
  readonly query: Tensor;
  /** `[N, S, features]` (default the query). */
  readonly key?: Tensor | undefined;
  /** `[N, S, features]` (default the key). */
  readonly value?: Tensor | undefined;
  /**
   * Which keys are seen (default the mask of the key): bool `[N, S]` where that is the same for all queries, bool of another rank that
   * broadcasts to the scores, or numbers that broadcast and are added to the scores.
   */
  readonly mask?: Tensor | undefined;
}

/** Query, key, value, and the mask that holds, of any input. */
export interface Attended {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly mask: Tensor | undefined;
}

/** An input with what it leaves out. */
export function attended(input: Tensor | AttentionInput): Attended {
  const { query, key = query, value = key, mask = maskOf(key) }: AttentionInput = isTensor(input) ? { query: input } : input;
  return { query, key, value, mask };
}

/** The specs of query, key and value. */
export function specsOfAttended(input: TensorSpec | SpecsOf<AttentionInput>): { query: TensorSpec; key: TensorSpec; value: TensorSpec } {
  const { query, key = query, value = key }: SpecsOf<AttentionInput> = isSpec(input) ? { query: input } : input;
  return { query, key, value };
}

/** A mask and which queries see anything; see {@link visible}. */
export interface Visible {
  /** The mask, but a query that sees nothing sees all: its scores are then finite, and so are their gradients. */
  readonly mask: Tensor;
  /** Which queries see a key, `[..., T, 1]`: what the others read is to be replaced by 0, which ends their gradients. */
  readonly seen: Tensor;
}

/**
 * Brings a mask to the shape of scores `[N, ..., T, S]`.
 *
 * @throws ShapeError if a bool mask of two axes is not `[N, S]`.
 */
export function visible(layer: string, given: Tensor, scores: Shape, causal = false): Visible {
  const mask = given.reshape(alignedShape(layer, given, scores));
  const keys = mask.dtype === 'bool' ? mask : greater(mask, -Infinity);
  const [t, s] = scores.slice(-2) as [number, number];
  const places = (count: number): Tensor => cumsum(ones([count], { dtype: 'int32', backend: mask.backend }), 0).sub(1);
  // The place of the first key that a query may see; behind all places where there is none.
  const first = where(keys, places(s), s + t).min({ axis: -1, keepDims: true });
  const seen = causal ? lessEqual(first, places(t).expandDims(1)) : less(first, s);
  return { mask: mask.dtype === 'bool' ? logicalOr(mask, logicalNot(seen)) : where(seen, mask, 0), seen };
}

/** With 1 for axes that a mask does not have. */
function alignedShape(layer: string, { dtype, shape }: Tensor, scores: Shape): Shape {
  const repeated = (axes: number): number[] => new Array<number>(Math.max(0, axes)).fill(1);
  if (dtype !== 'bool' || shape.length !== 2) return [...repeated(scores.length - shape.length), ...shape];
  const [n, s] = shape as [number, number];
  if (n === scores[0] && s === scores.at(-1)) return [n, ...repeated(scores.length - 2), s];
  throw new ShapeError(
    `[${layer}] a bool mask of two axes tells which keys are seen, [N, S]: got ${formatShape(shape)} for scores ${formatShape(scores)}. One that differs between queries is [1, T, S].`,
  );
}
