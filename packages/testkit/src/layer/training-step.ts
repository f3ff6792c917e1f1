import { valueAndGrad } from '@tessera/autograd';
import { isFloat } from '@tessera/core';
import { Random, type Tensor, tidy, treeFlatten, treeLeaves, type Variable } from '@tessera/tensor';
import { CheckError, expectClose, expectCloseTrees } from '../compare.ts';
import type { Tolerance } from '../tolerance.ts';
import { weigh } from '../weigh.ts';
import type { LayerLike } from './layer-like.ts';
import { inputOf, type Sample } from './sample.ts';

/** What a training step gives: the outputs, and the gradients by the layer's variables and by its inputs. */
export interface Learned {
  readonly outputs: unknown;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/** What a training step gives, and the values of all variables afterwards. */
export interface Outcome extends Learned {
  readonly variables: Readonly<Record<string, Tensor>>;
}

/** A call of a layer, or another function that computes the same. */
export type Wrap = (f: (x: unknown) => unknown) => (x: unknown) => unknown;

/** Seeds the source of random numbers of a step. */
export const SEED = 3;

/** A step of a layer in training with a source of random numbers that depends on the sample's counter alone. */
export function trainingStep(layer: LayerLike, wrap: Wrap = (f) => f): (sample: Sample) => Learned {
  return (sample) =>
    tidy(() => {
      const random = new Random(SEED, { counter: sample.counter });
      const apply = wrap((x) => layer.apply(x as never, { training: true, random }));
      const { leaves, paths, unflatten } = treeFlatten(sample.x);
      const at = (leaves as Tensor[]).flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
      const loss = (_: unknown, given: readonly Tensor[]): [Tensor, unknown] => {
        const x = unflatten(leaves.map((leaf, i) => (at.includes(i) ? given[at.indexOf(i)] : leaf)));
        const outputs = apply(inputOf({ ...sample, x }));
        return [weigh(treeLeaves(outputs) as Tensor[]), outputs];
      };
      const sources = [layer.trainableVariables(), at.map((i) => leaves[i] as Tensor)];
      const [[, outputs], gradients] = valueAndGrad(loss, { argnums: [0, 1], hasAux: true })(...sources);
      const [byVariable, byInput] = gradients as unknown as [Record<string, Tensor>, readonly Tensor[]];
      const named = byInput.map((gradient, i) => [`the input ${paths[at[i]!]}`.trim(), gradient]);
      return { outputs, gradients: { ...byVariable, ...(Object.fromEntries(named) as Record<string, Tensor>) } };
    });
}

/** The values of a layer's variables now. */
export function valuesOf(layer: LayerLike): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(layer.variables()).map(([path, variable]) => [path, variable.peek().alias()]));
}

/** Puts values back. */
export function putBack(layer: LayerLike, values: Readonly<Record<string, Tensor>>): void {
  for (const [path, variable] of Object.entries(layer.variables()) as [string, Variable][]) variable.assign(values[path]!);
}

/** Runs a step from given values of the variables. */
export function outcomeOf(
  layer: LayerLike,
  start: Readonly<Record<string, Tensor>>,
  step: (sample: Sample) => Learned,
  sample: Sample,
): Outcome {
  putBack(layer, start);
  return { ...step(sample), variables: valuesOf(layer) };
}

/** Throws unless two steps gave and left the same. */
export async function expectSameOutcome(where: string, got: Outcome, expected: Outcome, tolerance: Tolerance): Promise<void> {
  await expectCloseTrees(where, got.outputs, expected.outputs, tolerance);
  for (const [path, gradient] of Object.entries(expected.gradients))
    await expectClose(`${where}, gradient of ${path}`, got.gradients[path]!, gradient, tolerance);
  for (const [path, value] of Object.entries(expected.variables))
    await expectClose(`${where}, ${path} afterwards`, got.variables[path]!, value, tolerance);
}

/** Throws unless all gradients are finite, and those of variables not zero. */
export async function expectGradients(where: string, layer: LayerLike, { gradients }: Learned): Promise<void> {
  const variables = layer.trainableVariables();
  for (const [path, gradient] of Object.entries(gradients)) {
    const values = Array.from((await gradient.astype('float32').data()) as Float32Array);
    if (!values.every(Number.isFinite)) throw new CheckError(`[${where}] the gradient of ${path} must be finite`);
    if (Object.hasOwn(variables, path) && values.every((value) => value === 0)) {
      throw new CheckError(`[${where}] a gradient must reach ${path}: got zeros`);
    }
  }
}
