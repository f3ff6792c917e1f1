import { formatShape, normalizeAxis, ShapeError, sizeOf } from '@tessera/core';
import { type Axes, moveAxis, type Tensor } from '@tessera/tensor';
import { Module, type ModuleOptions } from '../module/module.ts';
import type { Option, Options, Resolved } from '../options/option.ts';
import { flag } from '../options/rows.ts';
import { expectTensors, formatShapes } from './expect-tensors.ts';

/** Options of {@link Dot}. */
export interface DotOptions extends ModuleOptions {
  /** Whether vectors along the axes are first divided by their length, so that y is the cosine of their angle (default `false`). */
  readonly normalize?: boolean | undefined;
}

type Config = DotOptions & { readonly axes: Axes };

const axesOfBoth: Option<Axes> = {
  must: 'an axis other than that of the batch, or one for each of two inputs',
  accepts(value) {
    const list = [value].flat();
    return list.length === (Array.isArray(value) ? 2 : 1) && list.every((axis) => Number.isInteger(axis) && axis !== 0);
  },
};

/**
 * y[n, i, j] = Σ_k a[n, i, k] · b[n, k, j]: the product of two inputs of each example, summed over an axis of each.
 *
 * Shapes: a `[N, ...I, K]`, b `[N, ...J, K]`, with K at the axes → y `[N, ...I, ...J]`; `[N, 1]` for two vectors. The axes count the batch.
 *
 * @throws ShapeError if the axes differ in length, UsageError for other than two inputs.
 * @see https://keras.io/api/layers/merging_layers/dot
 * @example
 * new Dot(-1, { normalize: true }).apply([user, item]) // their cosine similarity: [N, 1]
 */
export class Dot extends Module<readonly Tensor[], Tensor> {
  static readonly className = 'Dot';
  static readonly positional: readonly string[] = ['axes'];
  static readonly options: Options<Config> = { axes: axesOfBoth, normalize: flag(false) };
  declare readonly options: Resolved<Config>;

  constructor(axes: Axes, options: DotOptions = {}) {
    super({ ...options, axes });
  }

  override call(xs: readonly Tensor[]): Tensor {
    const [a, b] = expectTensors('Dot', xs, 2) as [Tensor, Tensor];
    const [i, j] = this.#axesOf(a, b);
    const [left, right] = [moveAxis(this.#unit(a, i), i, -1), moveAxis(this.#unit(b, j), j, 1)];
    const [batch, ...rows] = left.shape.slice(0, -1) as [number, ...number[]];
    const [, length, ...columns] = right.shape as [number, number, ...number[]];
    const y = left.reshape([batch, sizeOf(rows), length]).matmul(right.reshape([batch, length, sizeOf(columns)]));
    const shape = [...rows, ...columns];
    return y.reshape([batch, ...(shape.length > 0 ? shape : [1])]);
  }

  #axesOf(a: Tensor, b: Tensor): readonly [number, number] {
    const { axes } = this.options;
    const [first, second] = typeof axes === 'number' ? [axes, axes] : (axes as readonly [number, number]);
    const [i, j] = [normalizeAxis('Dot', first, a.shape), normalizeAxis('Dot', second, b.shape)];
    if (i === 0 || j === 0) throw new ShapeError(`[Dot] axes must not be that of the batch: got ${formatShape([first, second])}`);
    if (a.shape[0] === b.shape[0] && a.shape[i] === b.shape[j]) return [i, j];
    throw new ShapeError(`[Dot] inputs must have one batch, and one length at axes ${i} and ${j}: got ${formatShapes([a.shape, b.shape])}`);
  }

  /** x/‖x‖ along an axis, if that is wanted; 0 for 0. */
  #unit(x: Tensor, axis: number): Tensor {
    if (!this.options.normalize) return x;
    // ‖x‖ is at least 1e-12, as in Keras: bounded before the root, whose gradient at 0 is infinite.
    return x.div(x.square().sum({ axis, keepDims: true }).maximum(1e-24).sqrt());
  }
}
