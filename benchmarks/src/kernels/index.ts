import { conv, convTranspose, gelu, layerNormalization, run, softmax, type Tensor } from '@tessera/tensor';
import type { Contestant, Work } from '../contest.ts';
import { type Filled, filler } from '../filled.ts';
import type { Any } from '../peers.ts';
import { copy } from './copy.ts';
import { peak } from './peak.ts';
import { tessera } from './tessera.ts';
import { tfjs } from './tfjs.ts';
import type { Kernel } from './work.ts';

const fill = filler();

/** As often as makes a step of about `operations`: some milliseconds. */
const timesFor = (operations: number, inStep: number): number => Math.max(1, Math.round(inStep / operations));

function workOf(kernel: Kernel, references: Readonly<Record<string, () => Promise<Contestant>>>): Work {
  return {
    name: kernel.name,
    contestants: {
      'tessera wasm': () => tessera(kernel),
      ...(kernel.tfjs ? { 'tfjs wasm': () => tfjs(kernel) } : {}),
      ...references,
    },
    // TensorFlow.js gathers means of a million numbers in float32.
    tolerance: 2e-3,
    times: kernel.times,
    ...(kernel.flops === undefined ? {} : { flops: kernel.flops }),
  };
}

/** Work counted in floating-point operations, beside the machine's peak. */
function counted(kernel: Omit<Kernel, 'times'> & { flops: number }): Work {
  const times = timesFor(kernel.flops, 2e8);
  return workOf({ ...kernel, times }, { peak: () => peak(kernel.flops * times) });
}

const product = (name: string, m: number, k: number, n: number): Work =>
  counted({
    name,
    flops: 2 * m * k * n,
    inputs: [fill([m, k], 1), fill([k, n], 1)],
    tessera: (a, b) => a.matmul(b),
    tfjs: (tf, a, b) => tf.matMul(a, b),
  });

/** Products of float32 matrices. */
export const products: readonly Work[] = [
  ...[128, 256, 512, 1024].map((n) => product(`matmul ${n}`, n, n, n)),
  product('matmul 32x1152x64', 32, 1152, 64),
  product('matmul 4096x27x32', 4096, 27, 32),
];

/** A convolution 3 × 3 with stride 1, forward and, where named, its gradients. */
function convolution(
  shape: [n: number, size: number, channels: number, filters: number],
  padding: 'same' | 'valid',
  gradients: boolean,
): Work[] {
  const [n, size, channels, filters] = shape;
  const out = padding === 'same' ? size : size - 2;
  const edge = padding === 'same' ? 1 : 0;
  const name = `conv ${n}x${size}x${size}x${channels}-${filters} ${padding}`;
  const flops = 2 * n * out * out * 9 * channels * filters;
  const [x, w, dy] = [fill([n, size, size, channels], 1), fill([3, 3, channels, filters], 1), fill([n, out, out, filters], 1)];
  const geometry = {
    strides: [1, 1],
    padding: [
      [edge, edge],
      [edge, edge],
    ] as const,
    dilation: [1, 1],
    groups: 1,
  };
  const dx = { name: `${name} dx`, inputs: [dy, w], tessera: (a: Tensor, b: Tensor) => convTranspose(a, b, { padding: edge }) };
  const dw = {
    name: `${name} dw`,
    inputs: [x, dy],
    tessera: (a: Tensor, b: Tensor) => run('convolutionKernelGradient', [a, b], { ...geometry, kernelSize: [3, 3] })[0]!,
  };
  return [
    counted({
      name,
      flops,
      inputs: [x, w],
      tessera: (a, b) => conv(a, b, { padding }),
      tfjs: (tf: Any, a: Any, b: Any) => tf.conv2d(a, b, 1, padding),
    }),
    ...(gradients ? [dx, dw].map((kernel) => counted({ ...kernel, flops })) : []),
  ];
}

/** Convolutions of float32 images, forward, and with gradients of input and kernel. */
export const convolutions: readonly Work[] = [
  ...convolution([32, 32, 3, 32], 'valid', true),
  ...convolution([32, 15, 32, 64], 'same', true),
  ...convolution([8, 56, 64, 64], 'same', true),
];

const MILLION = 2 ** 20;
const line: Filled = fill([MILLION], 4);
const square: Filled = { shape: [1024, 1024], data: line.data };

/** Work counted in bytes moved, beside the engine's own copy of as many. */
const moved = (name: string, inputs: readonly Filled[], bytes: number, ours: Kernel['tessera'], theirs?: Kernel['tfjs']): Work =>
  workOf({ name, inputs, times: 8, tessera: ours, ...(theirs ? { tfjs: theirs } : {}) }, { 'memory.copy': () => copy(bytes / 2, 8) });

/** Ops that go over a million numbers once. */
export const elementwise: readonly Work[] = [
  moved(
    'add 1M',
    [line, fill([MILLION], 4)],
    12 * MILLION,
    (a, b) => a.add(b),
    (_, a, b) => a.add(b),
  ),
  moved(
    'mul 1M',
    [line, fill([MILLION], 4)],
    12 * MILLION,
    (a, b) => a.mul(b),
    (_, a, b) => a.mul(b),
  ),
  moved(
    'relu 1M',
    [line],
    8 * MILLION,
    (a) => a.relu(),
    (_, a) => a.relu(),
  ),
  moved(
    'sum 1M',
    [line],
    4 * MILLION,
    (a) => a.sum(),
    (_, a) => a.sum(),
  ),
  moved(
    'max 1M',
    [line],
    4 * MILLION,
    (a) => a.max(),
    (_, a) => a.max(),
  ),
  moved(
    'exp 1M',
    [line],
    8 * MILLION,
    (a) => a.exp(),
    (_, a) => a.exp(),
  ),
  moved(
    'tanh 1M',
    [line],
    8 * MILLION,
    (a) => a.tanh(),
    (_, a) => a.tanh(),
  ),
  moved(
    'sigmoid 1M',
    [line],
    8 * MILLION,
    (a) => a.sigmoid(),
    (_, a) => a.sigmoid(),
  ),
  moved('gelu 1M', [line], 8 * MILLION, (a) => gelu(a)),
  moved(
    'softmax 1024x1024',
    [square],
    8 * MILLION,
    (a) => softmax(a),
    (_, a) => a.softmax(),
  ),
  moved('layernorm 1024x1024', [square], 8 * MILLION, (a) => layerNormalization(a)),
];
