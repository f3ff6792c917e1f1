import {
  type DType,
  FormatError,
  formatShape,
  sameShape,
  sizeOf,
  StateError,
  TesseraError,
  typedArray,
  type TypedArray,
} from '@tessera/core';
import { type RawTensor, readSafetensors, writeSafetensors } from '@tessera/formats';
import { tensor, type Tensor, type TensorOptions } from '@tessera/tensor';
import { Activation } from './activation/activation.ts';
import { MultiHeadAttention } from './attention/multi-head-attention.ts';
import { TransformerEncoderLayer } from './attention/transformer-encoder-layer.ts';
import { Conv1D, Conv2D, Conv3D } from './convolution/convolution.ts';
import { DepthwiseConv2D } from './convolution/depthwise-convolution.ts';
import { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose } from './convolution/transposed-convolution.ts';
import { Dense } from './core/dense.ts';
import { Embedding } from './core/embedding.ts';
import { Flatten } from './core/flatten.ts';
import { Reshape } from './core/reshape.ts';
import { addLayers, concatenateLayers, Model } from './model.ts';
import { type Json, limitVariables, type Module } from './module.ts';
import { BatchNormalization } from './normalization/batch-normalization.ts';
import { GroupNormalization } from './normalization/group-normalization.ts';
import { LayerNormalization } from './normalization/layer-normalization.ts';
import { RMSNormalization } from './normalization/rms-normalization.ts';
import { AveragePooling2D } from './pooling/average-pooling2d.ts';
import { MaxPooling2D } from './pooling/max-pooling2d.ts';
import { GRU, LSTM, SimpleRNN } from './recurrent/recurrent.ts';
import { Dropout } from './regularization/dropout.ts';
import { Sequential } from './sequential.ts';
import { input, type SymbolicTensor } from './symbolic.ts';

/** A layer class that can be made again from what its `config()` gave. */
export interface LayerClass {
  readonly className: string;
  fromConfig(config: never): Module;
}

/** The layer classes of this package, for {@link loadModel}. */
export const builtinLayers: readonly LayerClass[] = [
  Activation,
  AveragePooling2D,
  BatchNormalization,
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  Dense,
  DepthwiseConv2D,
  Dropout,
  Embedding,
  Flatten,
  GRU,
  GroupNormalization,
  LSTM,
  LayerNormalization,
  MaxPooling2D,
  MultiHeadAttention,
  RMSNormalization,
  Reshape,
  SimpleRNN,
  TransformerEncoderLayer,
];

/** Options of {@link loadModel}. */
export interface LoadModelOptions {
  /** The classes that the file may name, in addition to {@link builtinLayers}. */
  readonly layers?: readonly LayerClass[];
}

const VERSION = 'tessera-model-1';

/** The values of a model's variables by dotted path. */
export async function weightsOf(model: Module): Promise<Map<string, RawTensor>> {
  const entries = Object.entries(model.variables()).map(async ([path, variable]) => [path, await rawTensor(variable.peek())] as const);
  return new Map(await Promise.all(entries));
}

/** A tensor's elements as files hold them. */
export async function rawTensor(value: Tensor): Promise<RawTensor> {
  const data = await value.data();
  return { dtype: value.dtype, shape: value.shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** A tensor of a raw one, on the default backend. */
export function fromRawTensor({ dtype, shape, data }: RawTensor, options: TensorOptions = {}): Tensor {
  return tensor(typedArray(dtype as DType, data) as TypedArray, { shape, dtype, ...options });
}

/** The model as one safetensors file: its configuration and the values of its variables. @throws StateError before it is built. */
export async function saveModel(model: Module): Promise<Uint8Array> {
  if (!model.built) throw new StateError('[saveModel] the model must be built before it is saved. Call it once or build(inputShape).');
  const description = { className: model.className, config: model.config(), inputShape: [...model.inputShape!] };
  return writeSafetensors(await weightsOf(model), { format: VERSION, model: JSON.stringify(description) });
}

/**
 * The model of a file that {@link saveModel} made. Nothing in the file is run: it can only name the classes given.
 *
 * @throws FormatError for a damaged file, StateError for an unknown class or weights that do not fit. Memory is taken for no
 *   more than the file's own weights.
 */
export function loadModel(bytes: Uint8Array, { layers = [] }: LoadModelOptions = {}): Module {
  const { tensors, metadata } = readSafetensors(bytes);
  const text = metadata.get('model');
  if (metadata.get('format') !== VERSION || text === undefined) {
    throw new StateError(
      `[loadModel] the file must be one that saveModel made: got format ${metadata.get('format') ?? 'none'}. Use loadWeights for bare weights.`,
    );
  }
  const classes = new Map([...builtinLayers, ...layers].map((layer) => [layer.className, layer]));
  const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const model = limitVariables(numbers, () => describedModel(text, classes));
  setWeights(model, tensors);
  return model;
}

/** The model that a description stands for, built. @throws FormatError where the description is not one that saveModel wrote. */
function describedModel(text: string, classes: ReadonlyMap<string, LayerClass>): Module {
  try {
    const { className, config, inputShape } = JSON.parse(text) as Described & { inputShape: number[] };
    const model = makeLayer({ className, config }, classes);
    return model.built ? model : model.build(inputShape);
  } catch (cause) {
    if (TesseraError.is(cause)) throw cause;
    throw new FormatError(`[loadModel] the file's description of the model is damaged: ${(cause as Error).message}`, { cause });
  }
}

interface Described {
  readonly className: string;
  readonly config: Json;
}

function makeLayer({ className, config }: Described, classes: ReadonlyMap<string, LayerClass>): Module {
  if (className === 'Sequential') {
    const { layers, name } = config as unknown as { layers: Described[]; name: string };
    return new Sequential(
      layers.map((layer) => makeLayer(layer, classes)),
      { name },
    );
  }
  if (className === 'Model') return makeGraph(config as never, classes);
  const layer = classes.get(className);
  if (!layer) {
    throw new StateError(
      `[loadModel] the file names the layer ${className}, which is not among ${[...classes.keys()].join(', ')}. Pass its class in { layers }.`,
    );
  }
  return layer.fromConfig(config as never);
}

interface GraphConfig {
  readonly name: string;
  readonly single: boolean;
  readonly layers: readonly (Described & { name: string })[];
  readonly nodes: readonly {
    shape: number[];
    layer: string | null;
    merge: { className: string; axis?: number } | null;
    inputs: number[];
  }[];
  readonly inputs: number;
  readonly outputs: readonly number[];
}

function makeGraph({ name, single, layers, nodes, inputs, outputs }: GraphConfig, classes: ReadonlyMap<string, LayerClass>): Model {
  const made = new Map(layers.map((layer) => [layer.name, makeLayer(layer, classes)]));
  const symbols: SymbolicTensor[] = [];
  for (const node of nodes) {
    const given = node.inputs.map((at) => symbols[at]!);
    if (node.layer !== null) symbols.push(made.get(node.layer)!.apply(given[0]!));
    else if (node.merge) symbols.push(node.merge.className === 'Add' ? addLayers(...given) : concatenateLayers(given, node.merge.axis));
    else symbols.push(input(node.shape));
  }
  const last = outputs.map((at) => symbols[at]!);
  return new Model({ name, inputs: symbols.slice(0, inputs), outputs: single ? last[0]! : last });
}

/** The bare weights of a model as a safetensors file. */
export async function saveWeights(model: Module): Promise<Uint8Array> {
  return writeSafetensors(await weightsOf(model));
}

/** Puts the weights of a safetensors file into a model that is built. Nothing changes unless all of them fit. */
export function loadWeights(model: Module, bytes: Uint8Array): void {
  setWeights(model, readSafetensors(bytes).tensors);
}

/** @throws StateError that lists which values are missing, unexpected or of another shape than a model's variables. */
export function checkWeights(model: Module, tensors: ReadonlyMap<string, RawTensor>): void {
  const variables = model.variables();
  const missing = Object.keys(variables).filter((path) => !tensors.has(path));
  const unexpected = [...tensors.keys()].filter((path) => !Object.hasOwn(variables, path));
  const misshaped = Object.entries(variables).flatMap(([path, variable]) => {
    const raw = tensors.get(path);
    if (!raw || (sameShape(raw.shape, variable.shape) && raw.dtype === variable.dtype)) return [];
    return [`${path} (${formatShape(raw.shape)} ${raw.dtype} for ${formatShape(variable.shape)} ${variable.dtype})`];
  });
  const problems = [
    ['missing', missing],
    ['unexpected', unexpected],
    ['misshaped', misshaped],
  ] as const;
  const told = problems.flatMap(([what, list]) => (list.length ? [`${what} ${list.join(', ')}`] : []));
  if (told.length) throw new StateError(`[loadWeights] the weights must be those of the model: ${told.join('; ')}`);
}

/** Assigns values by dotted path. @throws StateError as {@link checkWeights}; then nothing changes. */
export function setWeights(model: Module, tensors: ReadonlyMap<string, RawTensor>): void {
  checkWeights(model, tensors);
  for (const [path, variable] of Object.entries(model.variables())) {
    const value = fromRawTensor(tensors.get(path)!, { backend: variable.peek().backend });
    variable.assign(value);
    value.dispose();
  }
}
