import {
  bytesPerElement,
  type Composite,
  type Emit,
  inferSpecs,
  isContiguous,
  type Kernel,
  makeBuilder,
  type Operand,
  type PrimitiveRow,
  primitives,
  type Spec,
} from '@tessera/core';
import { GpuBuffer } from './memory.ts';
import type { Runtime } from './runtime.ts';
import { temporary } from './temporary.ts';

/** An operand with the spec that builders ask of. */
interface Value extends Operand, Spec {}

const valueOf = (operand: Operand): Value => ({ ...operand, shape: operand.view.shape });

/** Runs a composite by what it is made of, where a device binds too few buffers for its own kernel. */
export function runDecomposed<A>(
  runtime: Runtime,
  kernels: Readonly<Record<string, Kernel<never>>>,
  composite: Composite<A>,
  inputs: readonly Operand[],
  attributes: A,
  outputs: readonly Operand[],
): void {
  const call = (op: string, given: readonly Operand[], own: unknown, made: readonly Operand[]): void =>
    (kernels[op] as Kernel<unknown>)(given, own, made);
  const empty = ({ shape, dtype }: Spec): Value => valueOf(temporary(runtime, dtype, shape));
  const gapless = (x: Value): Value => {
    if (isContiguous(x.view)) return x;
    const y = empty(x);
    call('copy', [x], {}, [y]);
    return y;
  };
  const emit = ((op: string | Composite<unknown>, given: readonly Value[], own: unknown): readonly Value[] => {
    const name = typeof op === 'string' ? op : op.name;
    const specs = inferSpecs(op as never, given, own as never);
    if (op === 'fill') return [filled(own as { value: number }, specs[0])];
    if (typeof op !== 'string' && !(name in kernels)) return op.decompose(builder, given, own);
    const row = (typeof op === 'string' ? primitives[op as 'add'] : op) as PrimitiveRow<unknown>;
    if (row.view) {
      const [x] = given;
      const view = row.view(x.view, own);
      return [valueOf(view ? { ...x, view } : viewOf(row, gapless(x), own))];
    }
    const made = specs.map(empty);
    call(name, row.strided ? given : given.map(gapless), own, made);
    return made;
  }) as Emit<Value>;
  const viewOf = (row: PrimitiveRow<unknown>, x: Value, own: unknown): Operand => ({ ...x, view: row.view!(x.view, own)! });
  const filled = ({ value }: { value: number }, { shape, dtype }: Spec): Value => {
    const buffer = new GpuBuffer(bytesPerElement(dtype));
    buffer.constant = { value, dtype };
    return valueOf({ buffer, dtype, view: { shape, strides: shape.map(() => 0), offset: 0 } });
  };
  const builder = makeBuilder<Value>(emit);
  composite.decompose(builder, inputs.map(valueOf), attributes).forEach((result, i) => call('copy', [result], {}, [outputs[i]]));
}
