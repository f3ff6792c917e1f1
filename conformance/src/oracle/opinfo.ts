import * as t from '@tessera/tensor';
import * as losses from '@tessera/losses';

type T = t.Tensor;
// The tables' arguments are as various as PyTorch's signatures; each row below says what it takes.
// oxlint-disable-next-line typescript/no-explicit-any
type Arguments = any[];
// oxlint-disable-next-line typescript/no-explicit-any
type Keywords = Record<string, any>;
export type Call = (a: Arguments, k: Keywords) => T | readonly T[] | Promise<T | readonly T[]>;

const one = (f: (x: T) => T): Call => ([x]) => f(x);
const two = (f: (x: T, y: T) => T): Call => ([x, y]) => f(x, y);
/** PyTorch lets axes 0 and −1 stand for the one element of a scalar. */
const axesOf = (x: T, dim: unknown): { axis?: number[] } => (dim === undefined || dim === null || x.rank === 0 ? {} : { axis: ([dim] as (number | number[])[]).flat() });
const axisOf = (x: T, dim: number | undefined, otherwise = -1): number => (x.rank === 0 ? 0 : (dim ?? otherwise));
const reduce = (f: (x: T, options: t.ReduceOptions) => T): Call => ([x, dim, keep], k) =>
  f(x, { ...axesOf(x, k['dim'] ?? dim), keepDims: x.rank > 0 && ((k['keepdim'] ?? keep) || false) });
const vector = (x: T): T => (x.rank === 0 ? x.reshape([1]) : x);
const asScalar = (y: T, x: T): T => (x.rank === 0 ? y.reshape([]) : y);
/** An op of one axis, which a scalar is given for the while. */
const along = (f: (x: T, axis: number) => T): Call => ([x, dim], k) => asScalar(f(vector(x), axisOf(x, k['dim'] ?? dim, -1)), x);
/** An extremum: over all, along an axis with its place, or of two tensors. */
const extremum = (fold: typeof t.max, place: typeof t.argmax, pair: typeof t.maximum): Call => ([x, dim, keep], k) => {
  if (t.isTensor(dim)) return pair(x, dim);
  const axis = k['dim'] ?? dim;
  if (axis === undefined) return fold(x);
  if (x.rank === 0) return [x, place(x)];
  const keepDims = k['keepdim'] ?? keep ?? false;
  const index = place(x, axis, true);
  return [t.takeAlongAxis(x, index, axis), index].map((y) => (keepDims ? y : t.squeeze(y, axis)));
};
/** Channels first to channels last and back; images without a batch axis get one for the while. */
const last = (x: T): T => t.moveAxis(x, 1, -1);
const first = (y: T): T => t.moveAxis(y, -1, 1);
const batched = (x: T, rank: number, f: (x: T) => T): T => (x.rank === rank ? f(x) : t.squeeze(f(t.expandDims(x, 0)), 0));
const kernelLast = (w: T): T => t.moveAxis(w, [0, 1], [-1, -2]);
const convolution = (rank: number): Call => ([x, w, bias], k) =>
  batched(x, rank + 2, (z) => {
    const { stride = 1, padding = 0, groups = 1, dilation = 1 } = k;
    const y = t.conv(last(z), kernelLast(w), { strides: stride, padding, groups, dilation });
    return first(bias ? y.add(bias) : y);
  });
const transposed = (rank: number): Call => ([x, w, bias], k) =>
  batched(x, rank + 2, (z) => {
    const { stride = 1, padding = 0, groups = 1, dilation = 1, output_padding = 0 } = k;
    // [in, out/groups, ...K], groups along the input: ours is [...K, out/groups, in].
    const kernel = t.moveAxis(w, [0, 1], [-1, -2]);
    const y = t.convTranspose(last(z), kernel, { strides: stride, padding, groups, dilation, outputPadding: output_padding });
    return first(bias ? y.add(bias) : y);
  });
const averagePool = (rank: number): Call => ([x, size, stride, padding = 0, ceilMode = false, countIncludePad = true, divisor], k) =>
  batched(x, rank + 2, (z) => {
    if (divisor !== undefined || k['divisor_override'] !== undefined) notClaimed();
    const steps = k['stride'] ?? stride;
    return first(t.averagePool(last(z), k['kernel_size'] ?? size, {
      strides: steps === null || steps === undefined || (Array.isArray(steps) && steps.length === 0) ? (k['kernel_size'] ?? size) : spread(steps, rank),
      padding: spread(k['padding'] ?? padding, rank), ceilMode: k['ceil_mode'] ?? ceilMode, countIncludePadding: k['count_include_pad'] ?? countIncludePad,
    }));
  });
const spread = (value: number | number[], rank: number): number[] => (typeof value === 'number' ? new Array<number>(rank).fill(value) : value.length === 1 ? new Array<number>(rank).fill(value[0]!) : value);
const maxPool = (rank: number): Call => ([x], k) =>
  batched(x, rank + 2, (z) => first(t.maxPool(last(z), spread(k['kernel_size'], rank), {
    strides: spread(k['stride'] ?? k['kernel_size'], rank), padding: spread(k['padding'] ?? 0, rank), dilation: spread(k['dilation'] ?? 1, rank), ceilMode: k['ceil_mode'] ?? false,
  })));
/** Losses keep classes on axis 1, or on the only one. */
const classesLast = (x: T): T => (x.rank > 2 ? last(x) : x);
const lossOptions = (k: Keywords): object => ({
  reduction: k['reduction'] ?? 'mean', ...(k['label_smoothing'] === undefined ? {} : { labelSmoothing: k['label_smoothing'] }), ...(k['weight'] ? { weight: k['weight'] } : {}), ...(k['ignore_index'] === undefined ? {} : { ignoreIndex: k['ignore_index'] }),
});
const pad: Call = ([x, flat, mode = 'constant', value = 0]) => {
  const edges = x.shape.map((_: number, axis: number): [number, number] => {
    const at = (x.rank - 1 - axis) * 2;
    return at < flat.length ? [flat[at], flat[at + 1]] : [0, 0];
  });
  return t.pad(x, edges, value, mode);
};
const shapeLike: Call = ([x, shape]) => x.reshape(Array.isArray(shape) ? shape : shape.shape);
const layerNorm: Call = ([x, shape, weight, bias], k) => {
  const axes = (shape as number[]).map((_, i) => i - shape.length);
  const y = t.standardize(x, axes, k['eps'] ?? 1e-5);
  const scaled = weight ? y.mul(weight) : y;
  return bias ? scaled.add(bias) : scaled;
};
const groupNorm: Call = ([x, groups], { weight: gamma, bias: beta, eps: epsilon = 1e-5 }) =>
  t.moveAxis(t.groupNormalization(t.moveAxis(x, 1, -1), groups, { gamma, beta, epsilon }), -1, 1);
const batchNorm: Call = ([x, mean, variance, weight, bias], k) => {
  if (x.rank < 2) notClaimed();
  const axes = x.shape.flatMap((_: number, a: number) => (a === 1 ? [] : [a]));
  const shape = x.shape.map((n: number, a: number) => (a === 1 ? n : 1));
  const epsilon = k['eps'] ?? 1e-5;
  const y = k['training'] ? t.standardize(x, axes, epsilon) : x.sub(mean.reshape(shape)).div(variance.reshape(shape).add(epsilon).sqrt());
  const scaled = weight ? y.mul(weight.reshape(shape)) : y;
  return bias ? scaled.add(bias.reshape(shape)) : scaled;
};

/** PyTorch's ops in terms of ours. A row of the table whose op is not here is not claimed. */
export const opinfo: Readonly<Record<string, Call>> = {
  // Of one tensor, element by element.
  abs: one(t.abs), acos: one(t.acos), acosh: one(t.acosh), asin: one(t.asin), asinh: one(t.asinh), atan: one(t.atan), atanh: one(t.atanh), ceil: one(t.ceil), cos: one(t.cos),
  cosh: one(t.cosh), deg2rad: one(t.deg2rad), erf: one(t.erf), erfc: one(t.erfc), exp: one(t.exp), exp2: one(t.exp2), expm1: one(t.expm1), floor: one(t.floor), frac: one(t.frac),
  isfinite: one(t.isFinite), isinf: one(t.isInf), isnan: one(t.isNaN), log: one(t.log), log10: one(t.log10), log1p: one(t.log1p), log2: one(t.log2), logical_not: one(t.logicalNot),
  neg: one(t.neg), positive: one((x) => x.mul(1)), rad2deg: one(t.rad2deg), reciprocal: one(t.reciprocal), rsqrt: one(t.rsqrt), sigmoid: one(t.sigmoid), sign: one(t.sign), signbit: one(t.signbit),
  sin: one(t.sin), sinc: one(t.sinc), sinh: one(t.sinh), sqrt: one(t.sqrt), square: one(t.square), tan: one(t.tan), tanh: one(t.tanh), trunc: one(t.trunc),
  round: ([x], k) => t.round(x, k['decimals'] ?? 0), clone: one((x) => t.copy(x)), contiguous: one((x) => t.copy(x)), float: one((x) => x.mul(1)), double: one((x) => x.mul(1)),
  bool: one((x) => x.astype('bool')), int: one((x) => x.astype('int32')),
  // Of two.
  add: ([x, y], k) => x.add(k['alpha'] === undefined ? y : t.mul(y, k['alpha'])), sub: ([x, y], k) => x.sub(k['alpha'] === undefined ? y : t.mul(y, k['alpha'])),
  rsub: ([x, y], k) => t.sub(y, k['alpha'] === undefined ? x : x.mul(k['alpha'])), mul: two(t.mul), true_divide: two(t.div), floor_divide: two(t.floorDivide), remainder: two(t.mod), fmod: two(t.fmod),
  div: ([x, y], k) => (k['rounding_mode'] === 'floor' ? t.floor(t.div(x, y)) : k['rounding_mode'] === 'trunc' ? t.trunc(t.div(x, y)) : t.div(x, y)),
  pow: two(t.pow), float_power: two(t.pow), maximum: two(t.maximum), minimum: two(t.minimum), fmax: two(t.fmax), fmin: two(t.fmin), atan2: two(t.atan2), hypot: two(t.hypot), copysign: two(t.copysign),
  logaddexp: two(t.logaddexp), logaddexp2: two(t.logaddexp2), xlogy: two(t.xlogy), ldexp: two(t.ldexp), heaviside: two(t.heaviside), eq: two(t.equal), ne: two(t.notEqual), lt: two(t.less), le: two(t.lessEqual),
  gt: two(t.greater), ge: two(t.greaterEqual), logical_and: two(t.logicalAnd), logical_or: two(t.logicalOr), logical_xor: two(t.logicalXor),
  isclose: ([x, y], k) => t.isClose(x, y, { rtol: k['rtol'] ?? 1e-5, atol: k['atol'] ?? 1e-8, equalNaN: k['equal_nan'] ?? false }),
  lerp: ([x, y, w]) => t.lerp(x, y, w), addcdiv: ([x, a, b], k) => x.add(t.div(a, b).mul(k['value'] ?? 1)), addcmul: ([x, a, b], k) => x.add(t.mul(a, b).mul(k['value'] ?? 1)),
  clamp: ([x, a, b]) => t.clip(x, a ?? undefined, b ?? undefined), clamp_min: two(t.maximum), clamp_max: two(t.minimum), where: ([x, c, y]) => (t.isTensor(c) && c.dtype === 'bool' ? t.where(c, x, y) : t.where(x, c, y)),
  masked_fill: ([x, mask, value]) => t.where(mask, value, x), nan_to_num: ([x], k) => t.nanToNum(x, { nan: k['nan'] ?? 0, ...(k['posinf'] === undefined ? {} : { posInf: k['posinf'] }), ...(k['neginf'] === undefined ? {} : { negInf: k['neginf'] }) }),
  logit: ([x, epsilon], k) => t.logit(x, k['eps'] ?? epsilon),
  // Folds.
  sum: reduce(t.sum), prod: reduce(t.prod), mean: reduce(t.mean), amax: reduce(t.max), amin: reduce(t.min), all: reduce(t.all), any: reduce(t.any), nansum: reduce(t.nanSum), nanmean: reduce(t.nanMean),
  logsumexp: reduce(t.logSumExp), count_nonzero: reduce(t.countNonzero), max: extremum(t.max, t.argmax, t.maximum), min: extremum(t.min, t.argmin, t.minimum),
  argmax: ([x, dim, keep], k) => t.argmax(x, x.rank === 0 ? undefined : (k['dim'] ?? dim), x.rank > 0 && (k['keepdim'] ?? keep ?? false)), argmin: ([x, dim, keep], k) => t.argmin(x, x.rank === 0 ? undefined : (k['dim'] ?? dim), x.rank > 0 && (k['keepdim'] ?? keep ?? false)),
  var: ([x, dim], k) => t.variance(x, varianceOptions(x, dim, k)), std: ([x, dim], k) => t.std(x, varianceOptions(x, dim, k)),
  var_mean: ([x, dim], k) => [t.variance(x, varianceOptions(x, dim, k)), t.mean(x, varianceOptions(x, dim, k))], std_mean: ([x, dim], k) => [t.std(x, varianceOptions(x, dim, k)), t.mean(x, varianceOptions(x, dim, k))],
  'linalg.vector_norm': ([x, ord], k) => t.norm(x, { ord: k['ord'] ?? ord ?? 2, ...axesOf(x, k['dim']), keepDims: k['keepdim'] ?? false }), dist: ([x, y, p = 2]) => t.norm(x.sub(y), { ord: p }),
  cumsum: along(t.cumsum), cumprod: along(t.cumprod), logcumsumexp: along(t.logCumSumExp), trapz: ([y, dx], k) => (t.isTensor(dx) ? notClaimed() : trapezoid(y, k)), diff: ([x, n, dim, prepend, append], k) => diffOf(x, { n, dim, prepend, append, ...k }),
  // Movement.
  reshape: shapeLike, view: shapeLike, reshape_as: shapeLike, view_as: shapeLike, ravel: one(t.ravel), flatten: ([x, a = 0, b = -1]) => t.flatten(x, a, b), unflatten: ([x, dim, shape]) => t.unflatten(x, dim, shape),
  transpose: ([x, a, b]) => t.swapAxes(x, a, b), T: one(t.transpose), t: one((x) => (x.rank < 2 ? x.mul(1) : x.T)), mT: one((x) => t.swapAxes(x, -1, -2)), permute: ([x, axes]) => x.transpose(axes), movedim: ([x, a, b]) => t.moveAxis(x, a, b),
  squeeze: ([x, dim]) => (dim === undefined ? t.squeeze(x) : x.rank > 0 && x.shape.at(dim) === 1 ? t.squeeze(x, dim) : x.mul(1)), unsqueeze: ([x, dim]) => t.expandDims(x, dim),
  expand: ([x, shape]) => x.broadcastTo(expandShape(x, shape)), expand_as: ([x, y]) => x.broadcastTo(y.shape), broadcast_to: ([x, shape]) => x.broadcastTo(expandShape(x, shape)), broadcast_tensors: (xs) => t.broadcastTensors(...xs.flat()),
  atleast_1d: (xs) => xs.flat().map(t.atLeast1d), atleast_2d: (xs) => xs.flat().map(t.atLeast2d), flip: ([x, ...dims], k) => (x.rank === 0 ? x.mul(1) : t.flip(x, [...dims, k['dims'] ?? []].flat())), fliplr: one((x) => t.flip(x, 1)), flipud: one((x) => t.flip(x, 0)),
  roll: ([x, shifts, dims]) => t.roll(x, shifts, dims), rot90: ([x, k = 1, dims = [0, 1]]) => t.rot90(x, k, dims), cat: ([xs, dim], k) => t.concat(nonEmpty(xs), k['dim'] ?? dim ?? 0), stack: ([xs, dim]) => t.stack(xs, dim ?? 0),
  hstack: ([xs]) => t.hstack(xs), vstack: ([xs]) => t.vstack(xs), dstack: ([xs]) => t.dstack(xs), column_stack: ([xs]) => t.columnStack(xs), split: ([x, sizes, dim = 0]) => t.split(x, sizes, dim), split_with_sizes: ([x, sizes, dim = 0]) => t.split(x, sizes, dim),
  chunk: ([x, n, dim], k) => t.chunk(x, n, k['dim'] ?? dim ?? 0), tensor_split: ([x, n, dim], k) => t.tensorSplit(x, t.isTensor(n) ? notClaimed() : n, k['dim'] ?? dim ?? 0), unbind: ([x, dim = 0]) => t.unstack(x, dim),
  repeat: ([x, times]) => t.tile(x, times), tile: ([x, times]) => t.tile(x, times), tril: ([x, k = 0]) => t.tril(x, k), triu: ([x, k = 0]) => t.triu(x, k), diag: ([x, k = 0]) => t.diag(x, k),
  diagonal: ([x, k = 0, a = 0, b = 1], w) => t.diagonal(x, w['offset'] ?? k, w['dim1'] ?? a, w['dim2'] ?? b), diagflat: ([x, k = 0], w) => t.diagEmbed(x.flatten(), w['offset'] ?? k), trace: one(t.trace), meshgrid: (xs, k) => t.meshgrid(xs.flat(), k['indexing'] ?? 'ij'),
  'nn.functional.pad': pad, constant_pad_nd: ([x, flat, value = 0]) => pad([x, flat, 'constant', value], {}), narrow: ([x, dim, start, length]) => (t.isTensor(start) ? notClaimed() : t.moveAxis(t.moveAxis(x, dim, 0).at([start < 0 ? start + x.shape.at(dim)! : start, (start < 0 ? start + x.shape.at(dim)! : start) + length]), 0, dim)), select: ([x, dim, index]) => t.moveAxis(x, dim, 0).at(index),
  sum_to_size: ([x, ...shape]) => sumTo(x, shape.flat()),
  // Indexing and sorting.
  gather: ([x, dim, index]) => (index.rank === 0 || x.rank === 0 ? t.take(x.reshape([-1]), index) : t.takeAlongAxis(x, index, dim)), index_select: ([x, dim, index]) => (x.rank === 0 ? x.mul(1) : t.take(x, index, dim)),
  take: ([x, index]) => t.take(x.flatten(), index), take_along_dim: ([x, index, dim]) => (dim === undefined ? t.take(x.flatten(), index.flatten()) : t.takeAlongAxis(x.broadcastTo(x.shape.map((n: number, a: number) => (n === 1 && a !== dim ? index.shape[a] : n))), index, dim)),
  scatter: ([x, dim, index, updates]) => (x.rank === 0 ? updates.mul(1) : t.scatterAlongAxis(x, index, updates, { axis: dim })), scatter_add: ([x, dim, index, updates]) => (x.rank === 0 ? x.add(updates) : t.scatterAlongAxis(x, index, updates, { axis: dim, mode: 'add' })),
  index_add: ([x, dim, index, updates], k) => (x.rank === 0 ? notClaimed() : t.scatter(x, index, k['alpha'] === undefined ? updates : updates.mul(k['alpha']), { axis: dim, mode: 'add' })), index_copy: ([x, dim, index, updates]) => (x.rank === 0 ? notClaimed() : t.scatter(x, index, updates, { axis: dim })),
  sort: ([x, dim, descending], k) => { const { values, indices } = sorted(x, k['dim'] ?? dim, k['descending'] ?? descending); return [values, indices]; }, argsort: ([x, dim, descending], k) => sorted(x, k['dim'] ?? dim, k['descending'] ?? descending).indices, msort: one((x) => t.sort(x, 0)),
  topk: ([x, k, dim = -1, largest = true]) => { const { values, indices } = t.topk(x, k, { axis: x.rank === 0 ? 0 : dim, largest }); return [values, indices]; },
  'nn.functional.embedding': ([table, indices]) => t.take(table, indices),
  // Products.
  matmul: two(t.matmul), mm: two(t.matmul), bmm: two(t.matmul), mv: two(t.matmul), dot: two(t.dot), vdot: two(t.dot), inner: two(t.inner), outer: two(t.outer), tensordot: ([x, y], k) => t.tensordot(x, y, k['dims'] ?? 2),
  addmm: ([c, a, b], k) => t.addmm(c, a, b, { alpha: k['alpha'] ?? 1, beta: k['beta'] ?? 1 }), addmv: ([c, a, b], k) => t.addmm(c, a, b, { alpha: k['alpha'] ?? 1, beta: k['beta'] ?? 1 }), baddbmm: ([c, a, b], k) => t.addmm(c, a, b, { alpha: k['alpha'] ?? 1, beta: k['beta'] ?? 1 }),
  einsum: ([xs, equation]) => t.einsum(equation, ...xs), 'linalg.multi_dot': ([xs]) => (xs as T[]).reduce((a, b) => a.matmul(b)), 'nn.functional.linear': ([x, w, bias]) => { const y = x.matmul(w.T); return bias ? y.add(bias) : y; },
  'nn.functional.conv1d': convolution(1), 'nn.functional.conv2d': convolution(2), 'nn.functional.conv_transpose1d': transposed(1), 'nn.functional.conv_transpose2d': transposed(2), 'nn.functional.conv_transpose3d': transposed(3),
  'nn.functional.avg_pool1d': averagePool(1),
  // Activations and normalisation.
  softmax: ([x, dim], k) => t.softmax(x, axisOf(x, k['dim'] ?? dim)), log_softmax: ([x, dim], k) => t.logSoftmax(x, axisOf(x, k['dim'] ?? dim)), 'nn.functional.softmin': ([x, dim], k) => t.softmin(x, axisOf(x, k['dim'] ?? dim)),
  'nn.functional.relu': one(t.relu), 'nn.functional.relu6': one(t.relu6), 'nn.functional.elu': ([x], k) => t.elu(x, k['alpha'] ?? 1), 'nn.functional.celu': ([x], k) => t.celu(x, k['alpha'] ?? 1), 'nn.functional.selu': one(t.selu), 'nn.functional.silu': one(t.silu), 'nn.functional.mish': one(t.mish),
  'nn.functional.gelu': ([x], k) => t.gelu(x, { approximate: k['approximate'] ?? 'none' }), 'nn.functional.glu': ([x, dim = -1]) => t.glu(x, dim), 'nn.functional.hardsigmoid': one(t.hardSigmoid), 'nn.functional.hardswish': one(t.hardSwish),
  'nn.functional.hardtanh': ([x, a, b], k) => t.hardTanh(x, k['min_val'] ?? a ?? -1, k['max_val'] ?? b ?? 1), 'nn.functional.hardshrink': ([x, l], k) => t.hardShrink(x, k['lambd'] ?? l ?? 0.5), 'nn.functional.softshrink': ([x, l], k) => t.softShrink(x, k['lambd'] ?? l ?? 0.5),
  'nn.functional.leaky_relu': ([x, s], k) => t.leakyRelu(x, k['negative_slope'] ?? s ?? 0.01), 'nn.functional.logsigmoid': one(t.logSigmoid), 'nn.functional.softplus': ([x], k) => t.where(x.mul(k['beta'] ?? 1).greater(k['threshold'] ?? 20), x, t.softplus(x, k['beta'] ?? 1)), 'nn.functional.softsign': one(t.softsign), 'nn.functional.tanhshrink': one(t.tanhShrink),
  'nn.functional.threshold': ([x, at, value]) => t.threshold(x, at, value), 'nn.functional.layer_norm': layerNorm, 'nn.functional.batch_norm': batchNorm, 'nn.functional.group_norm': groupNorm,
  'nn.functional.max_pool1d': maxPool(1), 'nn.functional.max_pool2d': maxPool(2), 'nn.functional.avg_pool2d': averagePool(2), 'nn.functional.avg_pool3d': averagePool(3),
  // Losses.
  'nn.functional.cross_entropy': ([x, y], k) => losses.crossEntropy({ fromLogits: true, ...lossOptions(k) })(classesLast(x), y.shape.join() === x.shape.join() ? classesLast(y) : y),
  'nn.functional.nll_loss': ([x, y], k) => losses.negativeLogLikelihood(lossOptions(k))(classesLast(x), y), 'nn.functional.mse_loss': ([x, y], k) => losses.meanSquaredError(lossOptions(k))(...(t.broadcastTensors(x, y) as [T, T])),
  'nn.functional.l1_loss': ([x, y], k) => losses.meanAbsoluteError(lossOptions(k))(...(t.broadcastTensors(x, y) as [T, T])), 'nn.functional.huber_loss': ([x, y], k) => losses.huber({ ...lossOptions(k), delta: k['delta'] ?? 1 })(x, y),
  'nn.functional.binary_cross_entropy': ([x, y], k) => losses.binaryCrossEntropy(lossOptions(k))(x, y),
  'nn.functional.binary_cross_entropy_with_logits': ([x, y], k) => losses.binaryCrossEntropy({ fromLogits: true, ...lossOptions(k), ...(k['pos_weight'] ? { positiveWeight: k['pos_weight'] } : {}) })(x, y),
};

function sorted(x: T, dim: number | undefined, descending: boolean | undefined): { values: T; indices: T } {
  return t.sortWithIndices(x, dim ?? -1, { descending: descending ?? false });
}
/** A row that asks for what we do not offer under that name: it is counted as not claimed. */
export class NotClaimed extends Error {}
function notClaimed(): never {
  throw new NotClaimed();
}
function varianceOptions(x: T, dim: unknown, k: Keywords): t.VarianceOptions {
  const unbiased = typeof dim === 'boolean' ? dim : k['unbiased'];
  const correction = k['correction'] ?? (unbiased === false ? 0 : 1);
  return { ...axesOf(x, k['dim'] ?? (typeof dim === 'boolean' ? undefined : dim)), keepDims: k['keepdim'] ?? false, correction };
}
function expandShape(x: T, shape: number[]): number[] {
  return shape.map((length, axis) => (length === -1 ? x.shape[axis - (shape.length - x.rank)]! : length));
}
/** PyTorch lets an empty vector join anything. */
function nonEmpty(xs: T[]): T[] {
  const kept = xs.filter((x) => !(x.rank === 1 && x.size === 0));
  return kept.length ? kept : xs;
}
function sumTo(x: T, shape: number[]): T {
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((length, a) => (a < lead || (shape[a - lead] === 1 && length !== 1) ? [a] : []));
  return x.sum(axes).reshape(shape);
}
function trapezoid(y: T, k: Keywords): T {
  return t.trapezoid(t.moveAxis(y, k['dim'] ?? -1, -1), k['dx'] ?? 1);
}
function diffOf(x: T, k: Keywords): T {
  const axis = k['dim'] ?? -1;
  const parts = [k['prepend'], x, k['append']].filter((part) => part !== undefined && part !== null);
  return t.diff(parts.length > 1 ? t.concat(parts, axis) : x, k['n'] ?? 1, axis);
}
