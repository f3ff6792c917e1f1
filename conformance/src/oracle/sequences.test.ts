import { grad } from '@tessera/autograd';
import type { Backend } from '@tessera/core';
import * as layers from '@tessera/layers';
import { concat, flip, logicalNot, relu, stack, type Tensor, tidy, type Variable, withMask } from '@tessera/tensor';
import { expect, it } from 'vitest';
import { NotClaimed } from './opinfo.ts';
import { difference, expectModules, type ModuleRow, objective, readTable, toArguments } from './table.ts';
import { everyBackend } from '../every-backend.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

/** A row in our terms: what computes the outputs, and for each of PyTorch's parameters how its gradient is made of ours. */
interface Built {
  readonly run: (x: Tensor) => Tensor[];
  readonly variables: Record<string, Variable>;
  readonly gradients: Record<string, (ours: Record<string, Tensor>) => Tensor>;
  /** How many of the row's outputs there are; gradients are compared only where they are all. */
  readonly outputs: number;
}

/** PyTorch has a GRU's gates in the order r, z, n: the first two blocks of the last axis change places, either way. */
function reorder(w: Tensor): Tensor {
  const units = w.shape.at(-1)! / 3;
  const part = (i: number): Tensor => (w.rank === 1 ? w.at([i * units, (i + 1) * units]) : w.at(':', [i * units, (i + 1) * units]));
  return concat([part(1), part(0), part(2)], -1);
}
const same = (w: Tensor): Tensor => w;

type Recurrent = layers.SimpleRNN | layers.LSTM | layers.GRU;
const cells: Record<string, (units: number, k: Any, backwards: boolean) => Recurrent> = {
  'nn.RNN': (units, k, goBackwards) =>
    new layers.SimpleRNN(units, { goBackwards, ...(k.nonlinearity === 'relu' ? { activation: relu } : {}) }),
  'nn.LSTM': (units, _, goBackwards) => new layers.LSTM(units, { goBackwards }),
  'nn.GRU': (units, _, goBackwards) => new layers.GRU(units, { goBackwards }),
};

function recurrent({ module, ctor, state, args }: ModuleRow, backend: Backend): Built {
  const k = ctor.kwargs as Any;
  if (k.proj_size) throw new NotClaimed();
  if (args.length > 1) throw new NotClaimed();
  const order = module === 'nn.GRU' ? reorder : same;
  const directions = k.bidirectional ? 2 : 1;
  const variables: Built['variables'] = {};
  const gradients: Built['gradients'] = {};
  const levels = Array.from({ length: k.num_layers ?? 1 }, (_, level) =>
    Array.from({ length: directions }, (__, direction) => {
      const suffix = `_l${level}${direction ? '_reverse' : ''}`;
      const given = (name: string): Tensor => toArguments(state[`${name}${suffix}`], backend) as Tensor;
      const layer = cells[module]!(k.hidden_size, k, direction === 1);
      const kernel = given('weight_ih').T;
      layer.build([1, kernel.shape[0]!]);
      const own = layer.variables();
      const put = (name: string, value: Tensor): void => {
        own[name]!.assign(value);
        variables[`${name}${suffix}`] = own[name]!;
      };
      put('kernel', order(kernel));
      put('recurrentKernel', order(given('weight_hh').T));
      gradients[`weight_ih${suffix}`] = (g) => order(g[`kernel${suffix}`]!).T;
      gradients[`weight_hh${suffix}`] = (g) => order(g[`recurrentKernel${suffix}`]!).T;
      if (!state[`bias_ih${suffix}`]) {
        for (const name of ['bias', 'recurrentBias']) own[name]?.assign(own[name]!.read().mul(0));
      } else if (module === 'nn.GRU') {
        put('bias', order(given('bias_ih')));
        put('recurrentBias', order(given('bias_hh')));
        gradients[`bias_ih${suffix}`] = (g) => order(g[`bias${suffix}`]!);
        gradients[`bias_hh${suffix}`] = (g) => order(g[`recurrentBias${suffix}`]!);
      } else {
        put('bias', given('bias_ih').add(given('bias_hh')));
        for (const name of ['bias_ih', 'bias_hh']) gradients[`${name}${suffix}`] = (g) => g[`bias${suffix}`]!;
      }
      return layer;
    }),
  );
  const run = (x: Tensor): Tensor[] => {
    const lone = x.rank === 2;
    let y = lone ? x.expandDims(0) : k.batch_first ? x : x.transpose([1, 0, 2]);
    const last: Tensor[][] = [];
    for (const level of levels) {
      const walked = level.map((layer) => layer.apply({ x: y }));
      for (const { state: end } of walked) last.push([...end]);
      y = concat(
        walked.map(({ sequence }, direction) => (direction ? flip(sequence, 1) : sequence)),
        -1,
      );
    }
    const states = last[0]!.map((_, i) => stack(last.map((end) => end[i]!)));
    if (lone) return [y.squeeze(0), ...states.map((end) => end.squeeze(1))];
    return [k.batch_first ? y : y.transpose([1, 0, 2]), ...states];
  };
  return { run, variables, gradients, outputs: module === 'nn.LSTM' ? 3 : 2 };
}

/** Puts PyTorch's joined projections into a layer, under a prefix of the names on either side. */
function placeAttention(
  own: Record<string, Variable>,
  state: ModuleRow['state'],
  theirs: string,
  ours: string,
  backend: Backend,
): Pick<Built, 'variables' | 'gradients'> {
  const joined = toArguments(state[`${theirs}in_proj_weight`], backend) as Tensor;
  const features = joined.shape[1]!;
  const names = ['query', 'key', 'value'];
  const variables: Built['variables'] = {};
  const put = (name: string, value: Tensor): void => {
    own[`${ours}${name}`]!.assign(value);
    variables[`${ours}${name}`] = own[`${ours}${name}`]!;
  };
  const bias = state[`${theirs}in_proj_bias`] && (toArguments(state[`${theirs}in_proj_bias`], backend) as Tensor);
  names.forEach((name, i) => {
    put(`${name}Kernel`, joined.at([i * features, (i + 1) * features]).T);
    if (bias) put(`${name}Bias`, bias.at([i * features, (i + 1) * features]));
  });
  put('outputKernel', (toArguments(state[`${theirs}out_proj.weight`], backend) as Tensor).T);
  if (bias) put('outputBias', toArguments(state[`${theirs}out_proj.bias`], backend) as Tensor);
  return {
    variables,
    gradients: {
      [`${theirs}in_proj_weight`]: (g) => concat(names.map((name) => g[`${ours}${name}Kernel`]!.T)),
      [`${theirs}in_proj_bias`]: (g) => concat(names.map((name) => g[`${ours}${name}Bias`]!)),
      [`${theirs}out_proj.weight`]: (g) => g[`${ours}outputKernel`]!.T,
      [`${theirs}out_proj.bias`]: (g) => g[`${ours}outputBias`]!,
    },
  };
}

function attention({ ctor, state, args, kwargs }: ModuleRow, backend: Backend): Built {
  const k = ctor.kwargs as Any;
  const [features, heads] = [k.embed_dim ?? ctor.args[0], k.num_heads ?? ctor.args[1]];
  if (k.add_bias_kv || k.add_zero_attn || !state['in_proj_weight']) throw new NotClaimed();
  const [q, key, value] = args.map((arg) => toArguments(arg, backend)) as [Tensor, Tensor, Tensor];
  const [padding, square] = ['key_padding_mask', 'attn_mask'].map(
    (name) => kwargs[name] && (toArguments(kwargs[name], backend) as Tensor),
  ) as (Tensor | undefined)[];
  if ([padding, square].some((mask) => mask && mask.dtype !== 'bool')) throw new NotClaimed();
  const layer = new layers.MultiHeadAttention(heads, { useBias: state['in_proj_bias'] !== undefined }).build([1, features]);
  const placed = placeAttention(layer.variables(), state, '', '', backend);
  const lone = q.rank === 2;
  const into = (x: Tensor): Tensor => (lone ? x.expandDims(0) : k.batch_first ? x : x.transpose([1, 0, 2]));
  const outOf = (x: Tensor): Tensor => (lone ? x.squeeze(0) : k.batch_first ? x : x.transpose([1, 0, 2]));
  const batch = into(q).shape[0]!;
  const seen: Tensor[] = [];
  if (padding) seen.push(logicalNot(padding).reshape([lone ? 1 : padding.shape[0]!, 1, 1, -1]));
  if (square) seen.push(logicalNot(square.rank === 2 ? square : square.reshape([batch, heads, ...square.shape.slice(1)])));
  const mask = seen.length ? seen.reduce((a, b) => a.astype('int32').mul(b.astype('int32')).astype('bool')) : undefined;
  const run = (x: Tensor): Tensor[] => [outOf(layer.apply({ query: into(x), key: into(key), value: into(value), mask }))];
  return { run, ...placed, outputs: 1 };
}

function encoder({ ctor, state, kwargs }: ModuleRow, backend: Backend): Built {
  const k = ctor.kwargs as Any;
  const [features, heads, units] = [k.d_model, k.nhead, k.dim_feedforward].map((named, i) => named ?? ctor.args[i]);
  if (kwargs['src_mask']) throw new NotClaimed();
  const given = kwargs['src_key_padding_mask'];
  const padding = given ? (toArguments(given, backend) as Tensor) : undefined;
  const layer = new layers.TransformerEncoderLayer(heads, units, {
    dropout: 0,
    normFirst: k.norm_first ?? false,
    activation: k.activation ?? 'relu',
  });
  layer.build([1, features]);
  const own = layer.variables();
  const { variables, gradients } = placeAttention(own, state, 'self_attn.', 'attention.', backend);
  const pairs: [theirs: string, ours: string, turned: boolean][] = [
    ['linear1.weight', 'dense1.kernel', true],
    ['linear1.bias', 'dense1.bias', false],
    ['linear2.weight', 'dense2.kernel', true],
    ['linear2.bias', 'dense2.bias', false],
    ...[1, 2].flatMap((i): [string, string, boolean][] => [
      [`norm${i}.weight`, `norm${i}.gamma`, false],
      [`norm${i}.bias`, `norm${i}.beta`, false],
    ]),
  ];
  for (const [theirs, ours, turned] of pairs) {
    const value = toArguments(state[theirs], backend) as Tensor;
    own[ours]!.assign(turned ? value.T : value);
    variables[ours] = own[ours]!;
    gradients[theirs] = (g) => (turned ? g[ours]!.T : g[ours]!);
  }
  const run = (x: Tensor): Tensor[] => {
    const forward = (y: Tensor): Tensor => layer.apply(withMask(y, padding && logicalNot(padding).reshape(y.shape.slice(0, 2))));
    if (x.rank === 2) return [forward(x.expandDims(0)).squeeze(0)];
    return [k.batch_first ? forward(x) : forward(x.transpose([1, 0, 2])).transpose([1, 0, 2])];
  };
  return { run, variables, gradients, outputs: 1 };
}

const makers: Record<string, (row: ModuleRow, backend: Backend) => Built> = {
  'nn.RNN': recurrent,
  'nn.LSTM': recurrent,
  'nn.GRU': recurrent,
  'nn.MultiheadAttention': attention,
  'nn.TransformerEncoderLayer': encoder,
};

async function check(row: ModuleRow, backend: Backend): Promise<string | undefined> {
  const { run, variables, gradients, outputs } = makers[row.module]!(row, backend);
  const x = toArguments(row.args[0], backend) as Tensor;
  for (const [i, output] of run(x).entries()) {
    const wrong = await difference(output, row.outputs[i]!);
    if (wrong) return `output ${i}: ${wrong}`;
  }
  if (outputs !== row.outputs.length || !row.grads?.length) return undefined;
  const dx = tidy(() => grad((z: Tensor) => objective(run(z)))(x)) as Tensor;
  const wrong = await difference(dx, row.grads[0]!);
  if (wrong) return `gradient of the input: ${wrong}`;
  const ours = tidy(() => grad(() => objective(run(x)))(variables)) as unknown as Record<string, Tensor>;
  for (const [key, expected] of Object.entries(row.paramGrads ?? {})) {
    const told = await difference(gradients[key]!(ours), expected);
    if (told) return `gradient of ${key}: ${told}`;
  }
  return undefined;
}

const rows = readTable<ModuleRow>('sequences');
for (const [where, backend] of await everyBackend()) {
  it(`layers of sequences agree with PyTorch's on ${where}`, async () => {
    expect(await expectModules(where, backend, rows, check)).toBe(5);
  });
}
