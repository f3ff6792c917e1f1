import { normalizeAxis, ShapeError } from '@tessera/core';
import { concat, logicalAnd, ones, setMask, type Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { Options, Resolved } from '../options/option.ts';
import { whole } from '../options/rows.ts';
import { expectTensors, formatShapes } from './expect-tensors.ts';

/** Options of {@link Concatenate}. */
export interface ConcatenateOptions extends ModuleOptions {
  /** The axis along which tensors are joined, batch included (default −1). */
  readonly axis?: number | undefined;
}

/**
 * y = [x₁, …, xₙ]: the inputs one after another along an axis.
 *
 * Shapes: x₁ … xₙ `[N, ...S]`, the same but for the axis → y, with the sum of their lengths there. Joined along features, y has the mask
 * that is true where the masks of all inputs are; joined along steps or the batch, the masks are joined, and an input without one is all
 * real.
 *
 * @throws ShapeError if the shapes differ in another axis, UsageError for fewer than two inputs.
 * @see Huang et al. 2016, "Densely Connected Convolutional Networks", eq. 2. https://arxiv.org/abs/1608.06993
 * @example
 * new Concatenate().apply([encoded, skipped])
 */
export class Concatenate extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Concatenate';
  static readonly options: Options<ConcatenateOptions> = { axis: whole(-1) };
  declare readonly options: Resolved<ConcatenateOptions>;

  constructor(options: ConcatenateOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    const [first, ...others] = expectTensors('Concatenate', xs).map(({ shape }) => shape);
    const axis = normalizeAxis('Concatenate', this.options.axis, first!);
    const fits = others.every((shape) => shape.length === first!.length && shape.every((length, a) => a === axis || length === first![a]));
    if (!fits) {
      throw new ShapeError(`[Concatenate] inputs must have one shape but for axis ${axis}: got ${formatShapes([first!, ...others])}`);
    }
    const y = concat(xs, axis);
    setMask(y, joinedMask(xs, axis));
    return y;
  }
}

function joinedMask(xs: readonly Tensor[], axis: number): Tensor | undefined {
  const masks = new Set(xs.flatMap(({ mask }) => mask ?? []));
  if (masks.size === 0) return undefined;
  if (axis >= 2) return [...masks].reduce(logicalAnd);
  return concat(
    xs.map(({ mask, shape, backend }) => mask ?? ones(shape.slice(0, 2), { dtype: 'bool', backend })),
    axis,
  );
}
