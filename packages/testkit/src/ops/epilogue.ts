import { type ConvolutionAttributes, type EpilogueActivation, epilogueActivations } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import * as t from '@tessera/tensor';
import type { OpDescription, OpSample, SampleTensor } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { floats } from './samples.ts';

type T = t.Tensor;
const { exact, reduction } = tolerances;

const functions: Readonly<Record<EpilogueActivation, (x: T) => T>> = {
  none: (x) => x,
  relu: t.relu,
  tanh: t.tanh,
  sigmoid: t.sigmoid,
  gelu: (x) => t.gelu(x),
  geluTanh: (x) => t.gelu(x, { approximate: 'tanh' }),
};

/** A product, and the same with an epilogue behind it. */
interface Form {
  readonly operands: readonly SampleTensor[];
  readonly outputShape: readonly number[];
  readonly product: (...operands: T[]) => T;
  readonly finished: (inputs: readonly T[], activation: EpilogueActivation, residual: boolean) => T;
}

/** Values, and that they are those of the ops by themselves to the last bit. */
function samplesOf({ operands, outputShape, product, finished }: Form): OpSample[] {
  const bias = floats([outputShape.at(-1)!]);
  const residual = floats(outputShape);
  const apart = (activation: EpilogueActivation, inputs: readonly T[]): T => {
    const [a, b, row, rest] = inputs as [T, T, T, T?];
    const y = functions[activation](product(a, b).add(row));
    return rest ? y.add(rest) : y;
  };
  const small = outputShape.reduce((size, length) => size * length, 1) < 40;
  return [
    {
      inputs: [...operands, bias, residual],
      run: (...inputs) => finished(inputs, 'tanh', true),
      tolerance: reduction,
      order: small ? 1 : 0,
    },
    ...epilogueActivations.flatMap((activation): OpSample[] => [
      {
        inputs: [...operands, bias],
        run: (...inputs) => finished(inputs, activation, false).sub(apart(activation, inputs)),
        tolerance: exact,
        order: 0,
      },
      {
        inputs: [...operands, bias, residual],
        run: (...inputs) => finished(inputs, activation, true).sub(apart(activation, inputs)),
        tolerance: exact,
        order: 0,
      },
    ]),
  ];
}

const matrices = (a: SampleTensor, b: SampleTensor, outputShape: readonly number[]): Form => ({
  operands: [a, b],
  outputShape,
  product: t.matmul,
  finished: (inputs, activation, residual) => t.run(composites.matmulEpilogue, inputs, { bias: true, activation, residual })[0]!,
});

const images = (
  x: SampleTensor,
  kernel: SampleTensor,
  outputShape: readonly number[],
  geometry: Partial<ConvolutionAttributes> & Pick<ConvolutionAttributes, 'padding'>,
): Form => {
  const all = { strides: geometry.padding.map(() => 1), dilation: geometry.padding.map(() => 1), groups: 1, ...geometry };
  return {
    operands: [x, kernel],
    outputShape,
    product: (a, b) => t.run('convolution', [a, b], all)[0]!,
    finished: (inputs, activation, residual) =>
      t.run(composites.convolutionEpilogue, inputs, { ...all, bias: true, activation, residual })[0]!,
  };
};

const [flush, around] = [[0, 0] as const, [1, 1] as const];

export const epilogue: readonly OpDescription[] = [
  {
    name: 'matmulEpilogue',
    samples: [
      matrices(floats([3, 4]), floats([4, 5]), [3, 5]),
      matrices(floats([65, 300], -0.3, 0.3), floats([300, 35], -0.3, 0.3), [65, 35]),
      matrices(floats([2, 1, 7, 4]), floats([3, 4, 18]), [2, 3, 7, 18]),
      matrices(floats([2, 0]), floats([0, 3]), [2, 3]),
      matrices(floats([1, 20]), floats([20, 33]), [1, 33]),
      matrices(floats([33, 20]), floats([20, 1]), [33, 1]),
    ]
      .flatMap(samplesOf)
      .concat([
        {
          inputs: [floats([5, 6]), floats([7, 5]), floats([7, 6])],
          run: (a, b, c) => [
            // Without a bias, transposed, and with addends that do not lie in rows.
            t.run(composites.matmulEpilogue, [a!.T, b!.T, c!.T], { bias: false, activation: 'relu', residual: true })[0]!,
            t.run(composites.matmulEpilogue, [a!.T, b!.T], { bias: false, activation: 'none', residual: false })[0]!,
            t.run(composites.matmulEpilogue, [a!.T, b!.T, t.full([7], 2, a!)], { bias: true, activation: 'relu', residual: false })[0]!,
          ],
          tolerance: reduction,
        },
      ]),
    errors: [
      {
        inputs: [floats([3, 4]), floats([4, 5]), floats([4])],
        run: (...inputs) => t.run(composites.matmulEpilogue, inputs, { bias: true, activation: 'none', residual: false }),
        message: /the bias must be as long as the last axis: got \[4\] for 5/,
      },
      {
        inputs: [floats([3, 4]), floats([4, 5]), floats([5])],
        run: (...inputs) => t.run(composites.matmulEpilogue, inputs, { bias: false, activation: 'none', residual: true }),
        message: /the residual must have the shape of the output: got \[5\] for \[3, 5\]/,
      },
    ],
  },
  {
    name: 'convolutionEpilogue',
    samples: [
      images(floats([1, 3, 3, 2]), floats([2, 2, 2, 3]), [1, 2, 2, 3], { padding: [flush, flush] }),
      images(floats([2, 9, 8, 3]), floats([3, 3, 3, 32]), [2, 5, 4, 32], { padding: [around, around], strides: [2, 2] }),
      images(floats([2, 6, 5, 4]), floats([2, 2, 2, 6]), [2, 5, 4, 6], { padding: [flush, flush], groups: 2 }),
      // A filter for each channel, windows of one element, and a form that backends may do by Winograd's.
      images(floats([2, 5, 6, 7]), floats([3, 3, 1, 7]), [2, 5, 6, 7], { padding: [around, around], groups: 7 }),
      images(floats([2, 5, 4, 6]), floats([1, 1, 6, 7]), [2, 5, 4, 7], { padding: [flush, flush] }),
      images(floats([2, 9, 7, 16]), floats([3, 3, 16, 32]), [2, 9, 7, 32], { padding: [around, around] }),
    ].flatMap((form) =>
      samplesOf(form).map(
        (sample): OpSample => (sample.tolerance === exact ? sample : { ...sample, tolerance: { rtol: 1e-4, atol: 1e-4 } }),
      ),
    ),
  },
];
