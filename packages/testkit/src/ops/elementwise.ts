import { comparisons, floatUnary, numberBinary, numberUnary, type Unary } from '@tessera/core';
import * as t from '@tessera/tensor';
import type { OpDescription, OpSample } from '../check-op.ts';
import { tolerances } from '../tolerance.ts';
import { bools, floats, ints, oddShapes, special, specialColumn } from './samples.ts';

type T = t.Tensor;
const { exact } = tolerances;

/** Where a function of one number is smooth and finite. */
const domain: Partial<Record<Unary, [number, number]>> = {
  log: [0.1, 4],
  log1p: [-0.8, 4],
  sqrt: [0.1, 4],
  reciprocal: [0.3, 3],
  asin: [-0.9, 0.9],
  acos: [-0.9, 0.9],
  abs: [0.1, 3],
};
const flat = new Set<string>(['sign', 'floor', 'ceil', 'round']);

const unary = [...numberUnary, ...floatUnary].map((name): OpDescription => {
  const run = (x: T): T => t.run(name, [x], {})[0]!;
  const [min, max] = domain[name] ?? [-2, 2];
  return {
    name,
    samples: [
      ...oddShapes.map((shape): OpSample => ({ inputs: [floats(shape, min, max)], run, order: flat.has(name) ? 0 : 2 })),
      { inputs: [special], run, order: 0 },
      { inputs: [floats([6, 5], min, max)], run: (x) => run(x.T.at('::-1', '1:')), order: flat.has(name) ? 0 : 1 },
    ],
  };
});

const binary = numberBinary.map((name): OpDescription => {
  const run = (a: T, b: T): T => t.run(name, [a, b], {})[0]!;
  const order = name === 'floorDivide' ? 0 : 1;
  const positive = name === 'pow' ? ([0.2, 2] as const) : ([-2, 2] as const);
  const integer =
    name === 'div' || name === 'atan2' ? [] : [{ inputs: [ints([4, 5]), ints([5])], run, order: 0 as const, tolerance: exact }];
  return {
    name,
    samples: [
      ...oddShapes.map(
        (shape): OpSample => ({
          inputs: [floats(shape, ...positive), floats(shape, 0.3, 2)],
          run,
          order: shape.length < 3 && order ? 2 : order,
        }),
      ),
      { inputs: [floats([4, 1, 5], ...positive), floats([3, 1], 0.3, 2)], run, order },
      { inputs: [floats([7], ...positive), floats([], 0.3, 2)], run, order },
      { inputs: [floats([], ...positive), floats([7], 0.3, 2)], run, order },
      { inputs: [specialColumn, special], run, order: 0 },
      ...integer,
    ],
    errors: [
      { inputs: [floats([2, 3]), floats([4])], run, message: /shapes must be equal or 1 on every axis/ },
      { inputs: [floats([2]), ints([2])], run, message: /operands must have one dtype/ },
    ],
  };
});

const compare = comparisons.map((name): OpDescription => {
  const run = (a: T, b: T): T => t.run(name, [a, b], {})[0]!;
  return {
    name,
    samples: [
      { inputs: [specialColumn, special], run },
      { inputs: [ints([3, 4]), ints([4])], run },
      { inputs: [bools([5]), bools([5])], run },
      { inputs: [floats([0]), floats([0])], run },
    ],
  };
});

const logical: OpDescription[] = [
  { name: 'logicalAnd', samples: [{ inputs: [bools([3, 4]), bools([4])], run: (a, b) => t.logicalAnd(a!, b!) }] },
  { name: 'logicalOr', samples: [{ inputs: [bools([3, 4]), bools([4])], run: (a, b) => t.logicalOr(a!, b!) }] },
  { name: 'logicalNot', samples: [{ inputs: [bools([3, 4])], run: (a) => t.logicalNot(a!) }] },
  { name: 'isNaN', samples: [{ inputs: [special], run: (a) => t.isNaN(a!) }] },
  {
    name: 'select',
    samples: [
      { inputs: [bools([3, 4]), floats([4]), floats([3, 1])], run: (c, a, b) => t.where(c!, a!, b!), tolerance: exact, order: 2 },
      { inputs: [bools([3]), ints([3]), ints([])], run: (c, a, b) => t.where(c!, a!, b!), tolerance: exact },
    ],
  },
];

const casts: OpDescription = {
  name: 'cast',
  samples: (['float32', 'int32', 'bool', 'float16', 'bfloat16', 'int8', 'uint8', 'int64', 'float64'] as const).flatMap(
    (dtype): OpSample[] => [
      { inputs: [floats([2, 7], -300, 300)], run: (x) => x!.astype(dtype).astype('float32'), order: 0, tolerance: exact },
      { inputs: [special], run: (x) => x!.astype(dtype).astype('float32'), order: 0, tolerance: exact },
      { inputs: [ints([5])], run: (x) => x!.astype(dtype).astype('int32'), order: 0, tolerance: exact },
      {
        inputs: [floats([3, 4])],
        run: (x) => t.concat([x!.astype(dtype).T, x!.astype(dtype).T]).astype('float32'),
        order: 0,
        tolerance: exact,
      },
    ],
  ),
};

export const elementwise: readonly OpDescription[] = [...unary, ...binary, ...compare, ...logical, casts];
