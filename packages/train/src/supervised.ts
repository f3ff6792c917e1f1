import { treeFlatten, UsageError } from '@tessera/core';
import { type AnyModule, isSpec, type Module, penalty, type TensorSpec } from '@tessera/layers';
import { type Loss, lossWeight } from '@tessera/losses';
import type { HostMetric, Metric } from '@tessera/metrics';
import { isTensor, type Tensor } from '@tessera/tensor';
import { type BoundMetric, leafAt } from './measurement.ts';
import type { Objective, Outcome } from './phase.ts';

/** A batch of examples with targets. */
export interface Supervised<I = unknown, O = unknown> {
  readonly x: I;
  readonly y: O;
  /** A weight for each example. */
  readonly weight?: Tensor | undefined;
}

/** A loss for a model's output, or one for each of its named outputs. */
export type LossOf<O> = Loss | (O extends Tensor ? never : O extends object ? { readonly [K in keyof O]?: LossOf<O[K]> } : never);

/** Metrics of a model's output, or of each of its named outputs. */
export type MetricsOf<O> =
  | readonly (Metric | HostMetric)[]
  | (O extends Tensor ? never : O extends object ? { readonly [K in keyof O]?: MetricsOf<O[K]> } : never);

/** A factor for the loss of each named output. */
export type LossWeightsOf<O> = O extends Tensor
  ? never
  : O extends object
    ? { readonly [K in keyof O]?: number | LossWeightsOf<O[K]> }
    : never;

/** A loss and the output that it is of. */
interface BoundLoss {
  readonly output: string;
  readonly loss: Loss;
  readonly factor: number;
}

/**
 * The usual objective: the loss of a model's prediction, or the weighted sum of the losses of its outputs, and the penalties of the
 * model's regularizers.
 */
export function supervised<B extends Supervised>(model: AnyModule, loss: unknown, lossWeights?: unknown): Objective<B> {
  const losses = boundLosses(loss, lossWeights);
  return ({ x, y, weight }): Outcome => {
    const predictions = (model as Module<unknown, unknown>).apply(asSpecified(x, model));
    expectOutputs(losses, predictions);
    const parts = losses.map(({ output, loss, factor }) => {
      const [prediction, target] = [leafAt(predictions, output), targetAt(y, output)];
      const options = { sampleWeight: weight };
      const value = loss(prediction, target, options);
      expectTensor(loss, value);
      return { output, value, share: lossWeight(loss, prediction, target, options), scaled: factor === 1 ? value : value.mul(factor) };
    });
    const data = parts.map(({ scaled }) => scaled).reduce((a, b) => a.add(b));
    const extra = penalty(model);
    const several = parts.length > 1;
    return {
      loss: extra ? data.add(extra) : data,
      ...(several ? {} : { weight: parts[0]!.share }),
      logs: several ? Object.fromEntries(parts.map(({ output, value }) => [outputName(output, 'loss'), value])) : {},
      predictions,
      targets: y,
      sampleWeight: weight,
    };
  };
}

/** `valLoss` of `val` and `loss`: the name of what is reported of a part. */
export function outputName(output: string, name: string): string {
  const words = [...output.split('.'), name].filter(Boolean);
  return words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('');
}

/** Metrics with the outputs that they are of. @throws UsageError for what is no metric. */
export function boundMetrics(metrics: unknown): BoundMetric[] {
  // An array of arrays has a list for each output of a tuple.
  const isList = (value: unknown): value is readonly (Metric | HostMetric)[] => Array.isArray(value) && !value.some(Array.isArray);
  return leavesOf('metrics must be a list of metrics, such as [accuracy()], or one for each output', metrics, isList).flatMap(
    ([output, list]) =>
      list.map((metric) => {
        if (typeof metric?.init !== 'function' || typeof metric.name !== 'string') {
          throw new UsageError(`[compile] metrics must be metrics, such as accuracy(): got ${told(metric)}`);
        }
        return { name: outputName(output, metric.name), metric, output };
      }),
  );
}

const LOSS_RULE = 'loss must be a loss, such as crossEntropy(), or one for each output';

const isLoss = (value: unknown): value is Loss => typeof value === 'function';
const isNumber = (value: unknown): value is number => typeof value === 'number';

function boundLosses(loss: unknown, weights: unknown): BoundLoss[] {
  const factors = new Map(weights === undefined ? [] : leavesOf('lossWeights must be a number for each output', weights, isNumber));
  const losses = leavesOf(LOSS_RULE, loss, isLoss).map(([output, one]) => ({
    output,
    loss: one,
    factor: factors.get(output) ?? 1,
  }));
  if (losses.length === 0) throw new UsageError(`[compile] ${LOSS_RULE}: got ${told(loss)}`);
  const stray = [...factors.keys()].find((output) => !losses.some((one) => one.output === output));
  if (stray !== undefined) throw new UsageError(`[compile] lossWeights must be of outputs with a loss: got ${stray}`);
  return losses;
}

function expectTensor(loss: Loss, value: unknown): void {
  if (isTensor(value)) return;
  const way = typeof value === 'function' ? ` Call it first: ${loss.name || 'loss'}().` : '';
  throw new UsageError(`[compile] a loss must give a tensor: got ${typeof value === 'function' ? 'a function' : typeof value}.${way}`);
}

/** The target of an output in a tree. @throws UsageError where there is none. */
function targetAt(y: unknown, output: string): Tensor {
  const { leaves, paths } = treeFlatten(y);
  const at = paths.indexOf(output);
  if (at >= 0) return leaves[at] as Tensor;
  throw new UsageError(
    `[fit] y must have what each loss compares with: got nothing for ${output || 'a single output'}; there are ${paths.join(', ')}`,
  );
}

/** The leaves of a tree of options, by path. `rule` says what they must be. */
function leavesOf<T>(rule: string, tree: unknown, isLeaf: (value: unknown) => value is T, path = ''): [string, T][] {
  if (isLeaf(tree)) return [[path, tree]];
  if (typeof tree !== 'object' || tree === null) throw new UsageError(`[compile] ${rule}: got ${told(tree)}${path && ` for ${path}`}`);
  return Object.entries(tree).flatMap(([key, value]) =>
    value === undefined ? [] : leavesOf(rule, value, isLeaf, path ? `${path}.${key}` : key),
  );
}

function told(value: unknown): string {
  if (typeof value === 'function') return `${value.name || 'a function'}, which is to be called`;
  return typeof value === 'string' ? `'${value}'` : value === undefined ? 'nothing' : typeof value;
}

/** Checks that every loss is of an output of the model. */
function expectOutputs(losses: readonly BoundLoss[], predictions: unknown): void {
  const { paths } = treeFlatten(predictions);
  const stray = losses.find(({ output }) => !paths.includes(output));
  if (!stray) return;
  const outputs = paths.map((path) => path || 'one tensor').join(', ');
  throw new UsageError(
    stray.output === ''
      ? `[compile] the model has several outputs, ${outputs}: give a loss for each, as { loss: { ${paths[0]}: … } }`
      : `[compile] loss must be of the model's outputs, ${outputs}: got ${stray.output}`,
  );
}

/** Bytes, as images come, become float32 where the model was built for it; other integers are ids, and stay. */
function asSpecified(x: unknown, model: AnyModule): unknown {
  const { leaves, paths } = treeFlatten(model.inputSpec);
  const specs = new Map(paths.map((path, i) => [path, leaves[i] as TensorSpec]));
  const given = treeFlatten(x);
  return given.unflatten(
    given.leaves.map((leaf, i) => {
      const spec = specs.get(given.paths[i]!);
      return isSpec(spec) && spec.dtype === 'float32' && (leaf as Tensor).dtype === 'uint8' ? (leaf as Tensor).astype('float32') : leaf;
    }),
  );
}
