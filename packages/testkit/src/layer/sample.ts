import { type DType, isFloat } from '@tessera/core';
import { isUnknown, maskOfLengths, Random, tensor, type Tensor, treeFlatten, withMask } from '@tessera/tensor';
import { CheckError } from '../compare.ts';
import type { InputSpec, InputSpecs, LayerDescription } from './layer-like.ts';

/** An input of a layer, and the masks of its sequences by path, apart: inside a captured function they are put together. */
export interface Sample {
  readonly x: unknown;
  readonly masks: Readonly<Record<string, Tensor>>;
  /** That of the source of random numbers in training: the number of the step. */
  readonly counter: Tensor;
}

/** The tree with `f` applied to each spec. */
export function mapSpecs(tree: InputSpecs, f: (spec: InputSpec) => unknown): unknown {
  if (Array.isArray(tree)) {
    const isShape = tree.every((length) => typeof length === 'number');
    return isShape ? f({ shape: tree, dtype: 'float32' }) : tree.map((one) => mapSpecs(one as InputSpecs, f));
  }
  const { shape, dtype } = tree as InputSpec;
  if (Array.isArray(shape) && typeof dtype === 'string') return f(tree as InputSpec);
  return Object.fromEntries(Object.entries(tree).map(([key, one]) => [key, mapSpecs(one as InputSpecs, f)]));
}

/** An input for a description. */
export function sampleOf({ input, sample }: LayerDescription, batch: number, random: Random): Sample {
  let place = 0;
  const x = sample
    ? sample(batch, random)
    : mapSpecs(input, ({ shape, dtype }) => {
        if (shape.some(isUnknown)) throw new CheckError('[checkLayer] the description must give sample where a length is not known');
        return drawn(random.split(place++), [batch, ...shape], dtype);
      });
  return { x, masks: {}, counter: counterOf(0) };
}

/** The counter of a step. */
export function counterOf(step: number): Tensor {
  return tensor(Int32Array.of(step, 0));
}

function drawn(random: Random, shape: readonly number[], dtype: DType): Tensor {
  if (isFloat(dtype)) return random.normal(shape).astype(dtype);
  return dtype === 'bool' ? random.bernoulli(shape, 0.5) : random.randint(shape, 0, 2).astype(dtype);
}

/** The same with masks for its sequences, `[N, T, ...]` or indices `[N, T]`: the first is whole, the others are shorter and shorter. */
export function withMasks({ x, counter }: Sample): Sample {
  const { leaves, paths } = treeFlatten(x);
  const masks = (leaves as Tensor[]).flatMap(({ shape, rank, dtype }, i): [string, Tensor][] => {
    if (rank < 3 && !(rank === 2 && dtype === 'int32')) return [];
    const [n, t] = shape as [number, number];
    const lengths = Int32Array.from({ length: n }, (_, row) => Math.max(1, Math.ceil(t / (row + 1))));
    return [[paths[i]!, maskOfLengths(tensor(lengths), t)]];
  });
  return { x, counter, masks: Object.fromEntries(masks) };
}

/** The tree that a layer takes. */
export function inputOf({ x, masks }: Pick<Sample, 'x' | 'masks'>): unknown {
  const { leaves, paths, unflatten } = treeFlatten(x);
  return unflatten(leaves.map((leaf, i) => withMask(leaf as Tensor, masks[paths[i]!])));
}

/** The tree with the keys of its records in the opposite order. */
export function reversed(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(reversed);
  if (typeof tree !== 'object' || tree === null || Object.getPrototypeOf(tree) !== Object.prototype || 'dtype' in tree) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .reverse()
      .map(([key, one]) => [key, reversed(one)]),
  );
}
