import type { Backend } from '@tessera/core';
import { grad } from '@tessera/autograd';
import * as layers from '@tessera/layers';
import { moveAxis, type Tensor, tidy } from '@tessera/tensor';
import { it } from 'vitest';
import { type Call, NotClaimed, opinfo } from './opinfo.ts';
import { difference, expectModules, type ModuleRow, objective, readTable, type TableTensor, toArguments } from './table.ts';
import { everyBackend } from '../every-backend.ts';

interface Row extends ModuleRow {
  readonly training: boolean;
  readonly buffersAfter?: Record<string, TableTensor>;
}

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;
const last = (x: Tensor): Tensor => moveAxis(x, 1, -1);
const first = (y: Tensor): Tensor => moveAxis(y, -1, 1);
const transpose = (w: Tensor): Tensor => w.T;
const same = (w: Tensor): Tensor => w;

/** One of our layers for a row: how PyTorch's state maps to its variables (and gradients back), and tensors to its layout. */
interface Built {
  readonly layer: layers.Module;
  readonly variables?: Record<string, [name: string, to: (w: Tensor) => Tensor, back: (w: Tensor) => Tensor]>;
  readonly input?: (x: Tensor) => Tensor;
  readonly output?: (y: Tensor) => Tensor;
  /** The input's axes with the batch, where rows may come without it. */
  readonly rank?: number;
}
const images = { input: last, output: first };

type Make = (a: Any[], k: Any, training: boolean) => Built;
/** Kernels there begin with filters and channels, those of convolutions in one order, of transposed ones in the other: both as ours end. */
const kernelOf = (rank: number): [name: string, to: (w: Tensor) => Tensor, back: (w: Tensor) => Tensor] => [
  'kernel',
  (w) => w.transpose([...Array.from({ length: rank }, (_, i) => i + 2), 1, 0]),
  (w) => w.transpose([rank + 1, rank, ...Array.from({ length: rank }, (_, i) => i)]),
];
function convolution(Layer: typeof layers.Conv1D | typeof layers.Conv2D | typeof layers.Conv3D, rank: number): Make {
  return ([, filters, size, stride, padding, dilation, groups, bias, mode], k) => ({
    layer: new Layer(filters, size, {
      strides: k.stride ?? stride ?? 1, padding: k.padding ?? padding ?? 0, dilationRate: k.dilation ?? dilation ?? 1, groups: k.groups ?? groups ?? 1, useBias: k.bias ?? bias ?? true,
      paddingMode: mode === undefined || mode === 'zeros' ? 'constant' : mode,
    }),
    variables: { weight: kernelOf(rank), bias: ['bias', same, same] },
    ...images,
    rank: rank + 2,
  });
}
function transposed(Layer: typeof layers.Conv1DTranspose | typeof layers.Conv2DTranspose | typeof layers.Conv3DTranspose, rank: number): Make {
  return ([, filters, size, stride, padding, extra, groups, bias, dilation], k) => {
    if ((k.groups ?? groups ?? 1) !== 1) throw new NotClaimed();
    return {
      layer: new Layer(filters, size, { strides: k.stride ?? stride ?? 1, padding: k.padding ?? padding ?? 0, outputPadding: k.output_padding ?? extra ?? 0, useBias: k.bias ?? bias ?? true, dilationRate: k.dilation ?? dilation ?? 1 }),
      variables: { weight: ['kernel', (w) => kernelOf(rank)[1](w), (w) => kernelOf(rank)[2](w)], bias: ['bias', same, same] },
      ...images,
      rank: rank + 2,
    };
  };
}

const batchNormalization: Make = ([, epsilon, momentum, , track], k) => ({
  layer: new layers.BatchNormalization({ epsilon: epsilon ?? k.eps ?? 1e-5, momentum: 1 - (momentum ?? k.momentum ?? 0.1), unbiasedMovingVariance: true, name: track === false ? 'untracked' : '' }),
  variables: { weight: ['gamma', same, same], bias: ['beta', same, same], running_mean: ['movingMean', same, same], running_var: ['movingVariance', same, same] },
  ...images,
});
const groupNormalization = (groups: number, epsilon: number | undefined, affine: boolean, rank = 0): Built => ({
  layer: new layers.GroupNormalization({ groups, epsilon: epsilon ?? 1e-5, scale: affine, center: affine }),
  variables: { weight: ['gamma', same, same], bias: ['beta', same, same] },
  ...images,
  rank,
});

const built: Record<string, Make> = {
  Linear: ([, units, bias], k) => ({
    layer: new layers.Dense(units, { useBias: k.bias ?? bias ?? true }),
    variables: { weight: ['kernel', transpose, transpose], bias: ['bias', same, same] },
  }),
  Conv1d: convolution(layers.Conv1D, 1),
  Conv2d: convolution(layers.Conv2D, 2),
  Conv3d: convolution(layers.Conv3D, 3),
  ConvTranspose1d: transposed(layers.Conv1DTranspose, 1),
  ConvTranspose2d: transposed(layers.Conv2DTranspose, 2),
  ConvTranspose3d: transposed(layers.Conv3DTranspose, 3),
  MaxPool2d: ([size, stride, padding], k) => ({ layer: new layers.MaxPooling2D(size, { strides: stride ?? k.stride ?? size, padding: padding ?? k.padding ?? 0 }), ...images }),
  AvgPool2d: ([size, stride, padding], k) => ({
    layer: new layers.AveragePooling2D(size, { strides: stride ?? k.stride ?? size, padding: padding ?? k.padding ?? 0, countIncludePadding: true }), ...images,
  }),
  BatchNorm1d: (...all) => ({ ...batchNormalization(...all), rank: 0 }),
  BatchNorm2d: batchNormalization,
  GroupNorm: ([groups, , epsilon, affine = true]) => groupNormalization(groups, epsilon, affine),
  InstanceNorm1d: ([, epsilon, , affine = false]) => groupNormalization(-1, epsilon, affine, 3),
  InstanceNorm2d: ([, epsilon, , affine = false]) => groupNormalization(-1, epsilon, affine, 4),
  Flatten: () => ({ layer: new layers.Flatten() }),
  LayerNorm: ([shape, epsilon, affine], k) => ({
    layer: new layers.LayerNormalization({
      axis: [shape].flat().map((_: number, i: number, all: number[]) => i - all.length), epsilon: epsilon ?? k.eps ?? 1e-5, scale: affine ?? k.elementwise_affine ?? true, center: affine ?? k.elementwise_affine ?? true,
    }),
    variables: { weight: ['gamma', same, same], bias: ['beta', same, same] },
  }),
  Embedding: ([vocabulary, units], k) => ({ layer: new layers.Embedding(vocabulary ?? k.num_embeddings, units ?? k.embedding_dim), variables: { weight: ['embeddings', same, same] } }),
};

/** Modules without variables are the functions of the same name. */
const functions: Record<string, Call> = {
  ReLU: opinfo['nn.functional.relu']!, ReLU6: opinfo['nn.functional.relu6']!, SELU: opinfo['nn.functional.selu']!, SiLU: opinfo['nn.functional.silu']!, Mish: opinfo['nn.functional.mish']!,
  ELU: ([x, alpha], k) => opinfo['nn.functional.elu']!([x], { alpha, ...k }), CELU: ([x, alpha], k) => opinfo['nn.functional.celu']!([x], { alpha, ...k }), GELU: ([x, approximate], k) => opinfo['nn.functional.gelu']!([x], { approximate, ...k }),
  Sigmoid: opinfo['sigmoid']!, Tanh: opinfo['tanh']!, Softmax: opinfo['softmax']!, LogSoftmax: opinfo['log_softmax']!, Softmin: opinfo['nn.functional.softmin']!, Softplus: ([x, beta, threshold], k) => opinfo['nn.functional.softplus']!([x], { beta, threshold, ...k }),
  Softsign: opinfo['nn.functional.softsign']!, Hardswish: opinfo['nn.functional.hardswish']!, Hardsigmoid: opinfo['nn.functional.hardsigmoid']!, Hardtanh: opinfo['nn.functional.hardtanh']!, LeakyReLU: opinfo['nn.functional.leaky_relu']!,
  LogSigmoid: opinfo['nn.functional.logsigmoid']!, Tanhshrink: opinfo['nn.functional.tanhshrink']!, Softshrink: opinfo['nn.functional.softshrink']!, Hardshrink: opinfo['nn.functional.hardshrink']!, Threshold: opinfo['nn.functional.threshold']!, GLU: opinfo['nn.functional.glu']!,
};
/** Losses take their options from the constructor: weight, size_average, ignore_index. */
const losses: Record<string, [op: string, positional: readonly string[]]> = {
  CrossEntropyLoss: ['nn.functional.cross_entropy', ['weight', '', 'ignore_index']], NLLLoss: ['nn.functional.nll_loss', ['weight', '', 'ignore_index']], MSELoss: ['nn.functional.mse_loss', []], L1Loss: ['nn.functional.l1_loss', []],
  BCELoss: ['nn.functional.binary_cross_entropy', ['weight']], BCEWithLogitsLoss: ['nn.functional.binary_cross_entropy_with_logits', ['weight']], HuberLoss: ['nn.functional.huber_loss', []],
};

async function check(row: Row, backend: Backend): Promise<string | undefined> {
  const name = row.module.slice(3);
  const args = toArguments(row.args, backend) as Tensor[];
  const kwargs = toArguments(row.kwargs, backend) as Record<string, Tensor>;
  const ctor = toArguments(row.ctor, backend) as Row['ctor'];
  const given = Object.values(kwargs).concat(args).filter((x) => x.dtype === 'float32');
  const loss = losses[name];
  if (loss) {
    const options = { ...Object.fromEntries(loss[1].map((key, i) => [key, ctor.args[i] ?? undefined]).filter(([, value]) => value !== undefined)), ...ctor.kwargs };
    return compare(row, args, (at) => opinfo[loss[0]]!(replace(args, at), options) as Tensor);
  }
  const f = functions[name];
  if (f) return compare(row, args, (at) => f([...replace(args, at), ...ctor.args], ctor.kwargs) as Tensor);

  const make = built[name];
  if (!make) throw new NotClaimed();
  const { layer, variables = {}, input = same, output = same, rank = 4 } = make(ctor.args, ctor.kwargs, row.training);
  const x = given[0] ?? args[0]!;
  const lone = (name === 'Linear' && x.rank === 1) || (input === last && x.rank === rank - 1);
  const forward = (z: Tensor): Tensor => {
    const y = output(layer.apply(input(lone ? z.expandDims(0) : z), { training: row.training && layer.name !== 'untracked' ? true : row.training }));
    return lone ? y.squeeze(0) : y;
  };
  const batch = input(lone ? x.expandDims(0) : x);
  layer.build(batch.shape.slice(1));
  const own = layer.variables();
  for (const [key, [variable, to]] of Object.entries(variables)) {
    if (row.state[key] && own[variable]) own[variable]!.assign(to(toArguments(row.state[key], backend) as Tensor).reshape(own[variable]!.shape));
  }
  const moving = ['movingMean', 'movingVariance'].flatMap((key) => (own[key] ? [own[key]!, own[key]!.read()] : [])) as Any[];
  const told = await compare(row, row.gradOf?.length ? [x] : [], (at) => forward(at[0] ?? x));
  if (told) return told;
  for (let i = 0; i < moving.length; i += 2) moving[i].assign(moving[i + 1]);
  const trained = Object.fromEntries(Object.entries(variables).flatMap(([key, [variable]]) => (row.paramGrads?.[key] ? [[key, own[variable]!]] : [])));
  if (Object.keys(trained).length) {
    const gradients = tidy(() => grad(() => objective([forward(x)]))(trained)) as Record<string, Tensor>;
    for (const [key, gradient] of Object.entries(gradients)) {
      const wrong = await difference(variables[key]![2](gradient), row.paramGrads![key]!);
      if (wrong) return `gradient of ${key}: ${wrong}`;
    }
    for (const key of ['running_mean', 'running_var']) {
      if (!row.buffersAfter?.[key] || !row.training) continue;
      const wrong = await difference(own[variables[key]![0]]!.read(), row.buffersAfter[key]!);
      if (wrong) return `${key} after: ${wrong}`;
    }
  }
  return undefined;
}

const replace = (args: readonly Tensor[], at: readonly Tensor[]): Tensor[] => args.map((arg, i) => at[i] ?? arg);

async function compare(row: Row, args: readonly Tensor[], run: (at: readonly Tensor[]) => Tensor): Promise<string | undefined> {
  const told = await difference(run(args), row.outputs[0]!);
  if (told) return `output: ${told}`;
  const paths = row.gradOf ?? [];
  if (!paths.length || !row.grads) return undefined;
  const at = paths.map((path) => path[1] as number);
  if (paths.some(([kind]) => kind !== 'args')) return undefined;
  const gradients = tidy(() =>
    grad((...moved: Tensor[]) => objective([run(args.map((arg, i) => (at.includes(i) ? moved[at.indexOf(i)]! : arg)))]), { argnums: at.map((_, i) => i) })(...at.map((i) => args[i]!)),
  ) as unknown as Tensor[];
  for (const [i, gradient] of gradients.entries()) {
    const wrong = await difference(gradient, row.grads[i]!);
    if (wrong) return `gradient ${i}: ${wrong}`;
  }
  return undefined;
}

const rows = ['modules', 'normalizations'].flatMap((table) => readTable<Row>(table));
for (const [where, backend] of await everyBackend()) {
  it(`layers and losses agree with PyTorch's modules on ${where}`, async () => {
    await expectModules(where, backend, rows, check);
  });
}
