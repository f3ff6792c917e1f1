import type { Binary, Kernel, Kernels, None, Operand, Unary } from '@tessera/core';
import { numbers, raw } from './cells.ts';
import { mapElements, type Target } from './map.ts';
import type { Runtime } from './runtime.ts';

/** The composites whose kernels are element-wise. */
export type ElementwiseComposite = 'relu' | 'sigmoid' | 'gelu' | 'geluTanh';
type One = Unary | 'isNaN' | 'logicalNot' | ElementwiseComposite;

/** Functions of one float in WGSL. */
const floatUnary: { readonly [K in Exclude<One, 'logicalNot'>]: (x: string) => string } = {
  neg: (x) => `negated(${x})`,
  abs: (x) => `magnitude(${x})`,
  sign: (x) => `signOf(${x})`,
  floor: (x) => `floored(${x})`,
  ceil: (x) => `ceiled(${x})`,
  round: (x) => `rounded(${x})`,
  exp: (x) => `exponential(${x})`,
  expm1: (x) => `exponentialLess1(${x})`,
  log: (x) => `logarithm(${x})`,
  log1p: (x) => `logarithmOf1Plus(${x})`,
  sqrt: (x) => `root(${x})`,
  reciprocal: (x) => `quotient(1.0, ${x})`,
  sin: (x) => `sine(${x})`,
  cos: (x) => `cosine(${x})`,
  asin: (x) => `arcsine(${x})`,
  acos: (x) => `arccosine(${x})`,
  atan: (x) => `arctangent(${x})`,
  tanh: (x) => `hyperbolicTangent(${x})`,
  erf: (x) => `errorFunction(${x})`,
  isNaN: (x) => `select(0u, 1u, isNaN(${x}))`,
  relu: (x) => `greater(${x}, 0.0)`,
  sigmoid: (x) => `sigmoid(${x})`,
  gelu: (x) => `gelu(${x})`,
  geluTanh: (x) => `geluTanh(${x})`,
};

const integerUnary: Partial<Record<One, (x: string) => string>> = {
  neg: (x) => `-(${x})`,
  abs: (x) => `abs(${x})`,
  sign: (x) => `sign(${x})`,
  floor: (x) => x,
  ceil: (x) => x,
  round: (x) => x,
  relu: (x) => `max(${x}, 0)`,
};

type Pair = (a: string, b: string) => string;
const truth = (condition: string): string => `select(0u, 1u, ${condition})`;
/** No comparison with NaN holds. */
const ordered = (a: string, b: string, condition: string): string => truth(`${condition} && !isNaN(${a}) && !isNaN(${b})`);

const floatBinary: Partial<Record<Binary, Pair>> = {
  add: (a, b) => `${a} + ${b}`,
  // Of a value and itself a compiler would make 0, also where it is infinite.
  sub: (a, b) => `${a} - opaque(${b})`,
  mul: (a, b) => `${a} * opaque(${b})`,
  div: (a, b) => `quotient(${a}, opaque(${b}))`,
  floorDivide: (a, b) => `floorQuotient(${a}, ${b})`,
  mod: (a, b) => `remainder(${a}, ${b})`,
  pow: (a, b) => `power(${a}, ${b})`,
  maximum: (a, b) => `greater(${a}, ${b})`,
  minimum: (a, b) => `lesser(${a}, ${b})`,
  atan2: (a, b) => `arctangentOf2(${a}, ${b})`,
  equal: (a, b) => ordered(a, b, `${a} == ${b}`),
  less: (a, b) => ordered(a, b, `${a} < ${b}`),
  lessEqual: (a, b) => ordered(a, b, `${a} <= ${b}`),
};

const integerBinary: Partial<Record<Binary, Pair>> = {
  add: (a, b) => `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b) => `${a} * ${b}`,
  floorDivide: (a, b) => `integerQuotient(${a}, ${b})`,
  mod: (a, b) => `integerRemainder(${a}, ${b})`,
  pow: (a, b) => `integerPower(${a}, ${b})`,
  maximum: (a, b) => `max(${a}, ${b})`,
  minimum: (a, b) => `min(${a}, ${b})`,
  equal: (a, b) => truth(`${a} == ${b}`),
  less: (a, b) => truth(`${a} < ${b}`),
  lessEqual: (a, b) => truth(`${a} <= ${b}`),
  logicalAnd: (a, b) => `${a} & ${b}`,
  logicalOr: (a, b) => `${a} | ${b}`,
};

/** An element-wise op in WGSL, by its name and the scalar that it computes with. */
export function expressionOf(op: string, scalar: 'f32' | 'i32' | 'u32', values: readonly string[]): string {
  const [a, b, c] = values;
  if (op === 'select') return `select(${c}, ${b}, ${a} != 0u)`;
  if (op === 'logicalNot') return `1u - ${a}`;
  const table: Readonly<Record<string, ((...values: string[]) => string) | undefined>> =
    values.length === 1 ? (scalar === 'f32' ? floatUnary : integerUnary) : scalar === 'f32' ? floatBinary : integerBinary;
  return table[op]!(...values);
}

/** An operand as what a kernel writes. */
export function targetOf(operand: Operand): Target {
  const { buffer, bytes, scalar, view } = numbers(operand);
  return { buffer, bytes, scalar, offset: view.offset };
}

type Names = Unary | Binary | 'isNaN' | 'logicalNot' | 'select';

export function elementwise(runtime: Runtime): Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>> {
  const kernelOf =
    (op: string): Kernel<None> =>
    (inputs, _, [y]) => {
      const cells = inputs.map(numbers);
      const { scalar } = cells[0];
      mapElements(runtime, op, y.view.shape, cells, [targetOf(y)], (values) => ({ results: [expressionOf(op, scalar, values)] }));
    };
  const names = [...Object.keys(floatUnary), ...Object.keys(floatBinary), 'logicalNot', 'logicalAnd', 'logicalOr'];
  const table = Object.fromEntries(names.map((op) => [op, kernelOf(op)]));
  const select: Kernel<None> = ([condition, a, b], _, [y]) => {
    const target = raw(y);
    const given = numbers(condition);
    // Where elements are two words, the condition is that of both.
    const wide = target.view.shape.length > y.view.shape.length;
    const repeated = wide
      ? { ...given, view: { ...given.view, shape: [...given.view.shape, 1], strides: [...given.view.strides, 0] } }
      : given;
    const cells = [repeated, raw(a), raw(b)];
    mapElements(runtime, 'select', target.view.shape, cells, [{ ...target, offset: target.view.offset }], (values) => ({
      results: [expressionOf('select', 'u32', values)],
    }));
  };
  return { ...table, select } as Pick<Kernels, Names> & Record<ElementwiseComposite, Kernel<None>>;
}
