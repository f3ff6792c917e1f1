import { type DType, type EpilogueAttributes, type Kernel, type Operand, primitives, type PrimitiveRow } from '@tessera/core';
import { bufferOf } from './cells.ts';
import { addendsOf, finishAfter } from './epilogue.ts';
import type { Runtime } from './runtime.ts';
import { temporary } from './temporary.ts';

const isHalf = ({ dtype }: Operand): boolean => dtype === 'float16';

/** Composites whose kernels read and write halves where they lie, as those of all element-wise primitives do. */
const own: ReadonlySet<string> = new Set(['fused', 'relu', 'sigmoid', 'gelu', 'geluTanh']);
const takesHalves = (op: string, runtime: Runtime): boolean => {
  const row = (primitives as Readonly<Record<string, PrimitiveRow<unknown>>>)[op];
  return own.has(op) || row?.movesBytes === true || row?.elementwise === true || (op === 'matmul' && runtime.halves);
};

/**
 * The same kernels for float16 too. Halves take half the memory; all is computed in float32 and rounded once, to the nearest, halves to
 * the even one. What has no way of its own to read them gets floats in between.
 */
export function withHalves<T extends Readonly<Record<string, Kernel<never>>>>(runtime: Runtime, kernels: T): T {
  const cast = kernels['cast'] as unknown as Kernel<{ readonly dtype: DType }>;
  const floats = ({ view }: Operand): Operand => temporary(runtime, 'float32', view.shape);
  const widening =
    (kernel: Kernel<never>): Kernel<never> =>
    (inputs, attributes, outputs) => {
      if (![...inputs, ...outputs].some(isHalf)) return kernel(inputs, attributes, outputs);
      const given = inputs.map((x) => {
        if (!isHalf(x)) return x;
        const wide = floats(x);
        cast([x], { dtype: 'float32' }, [wide]);
        return wide;
      });
      const made = outputs.map((y) => (isHalf(y) ? floats(y) : y));
      kernel(given, attributes, made);
      made.forEach((wide, i) => wide !== outputs[i] && cast([wide], { dtype: 'float16' }, [outputs[i]]));
    };
  const all: Record<string, Kernel<never>> = Object.fromEntries(
    Object.entries(kernels).map(([op, kernel]) => [op, takesHalves(op, runtime) ? kernel : widening(kernel)]),
  );
  // Their products are rounded before anything is added, as op by op.
  for (const op of ['matmul', 'convolution'] as const) {
    const kernel = kernels[`${op}Epilogue`] as unknown as Kernel<EpilogueAttributes>;
    const fused: Kernel<EpilogueAttributes> = (inputs, attributes, [y]) => {
      if (!isHalf(y)) return kernel(inputs, attributes, [y]);
      const product = temporary(runtime, y.dtype, y.view.shape);
      (all[op] as unknown as Kernel<EpilogueAttributes>)(inputs.slice(0, 2), attributes, [product]);
      finishAfter(runtime, attributes, bufferOf(product), addendsOf(inputs, attributes), y);
    };
    all[`${op}Epilogue`] = fused as unknown as Kernel<never>;
  }
  return all as T;
}
