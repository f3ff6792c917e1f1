import {
  type Backend,
  bytesPerElement,
  type Composite,
  contiguousView,
  DTypeError,
  inferSpecs,
  isContiguous,
  lower,
  type Operand,
  opName,
  preparePlan,
  primitives,
  type PrimitiveRow,
  type Spec,
  sizeOf,
} from '@tessera/core';
import type { Device, Op } from './device.ts';
import { Storage } from './storage.ts';
import { placeIn, placementOf } from './placement.ts';
import { Tensor } from './tensor.ts';

const devices = new WeakMap<Backend, EagerDevice>();

/** The device that runs kernels of a backend as ops are called. */
export function eager(backend: Backend): EagerDevice {
  let device = devices.get(backend);
  if (!device) devices.set(backend, (device = new EagerDevice(backend)));
  return device;
}

/** Runs each op at once: movements become views, everything else one kernel. */
export class EagerDevice implements Device {
  readonly backend: Backend;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  answers(op: Composite<unknown>): boolean {
    return this.backend.composites.has(op.name);
  }

  /** A tensor over bytes in row-major order. */
  upload(bytes: Uint8Array, spec: Spec): Tensor {
    const storage = new Storage(this.backend, this.backend.allocate(bytes.byteLength));
    this.backend.write(storage.buffer, bytes);
    return this.adopt(storage, spec);
  }

  /** A tensor over a buffer whose ownership passes to it. */
  adopt(storage: Storage, spec: Spec): Tensor {
    return new Tensor(this, spec, placeIn(storage, spec.dtype, contiguousView(spec.shape)));
  }

  execute(op: Op, inputs: readonly Tensor[], attributes: unknown): readonly Tensor[] {
    const specs = inferSpecs(op as never, inputs, attributes as never);
    if (op === 'scan') return this.#loop(inputs, attributes, specs);
    const row = (typeof op === 'string' ? primitives[op] : undefined) as PrimitiveRow<unknown> | undefined;
    if (row?.view) return [this.#view(row.view, inputs[0]!, attributes, specs[0]!)];
    if (!row?.movesBytes) this.#checkComputes(op, inputs);
    if (op === 'fill') return [this.#fill(attributes as { value: number }, specs[0]!)];

    const name = opName(op);
    const strided = typeof op === 'string' ? row?.strided : op.strided;
    const copies: Tensor[] = [];
    const operands = inputs.map((input) => {
      const operand = placementOf(input, name);
      if (strided || isContiguous(operand.view)) return operand;
      const copy = this.#kernel('copy', [operand], {}, [input])[0]!;
      copies.push(copy);
      return placementOf(copy, 'copy');
    });
    const outputs = this.#kernel(name, operands, attributes, specs);
    for (const copy of copies) copy.dispose();
    return outputs;
  }

  #kernel(op: string, inputs: readonly Operand[], attributes: unknown, specs: readonly Spec[]): Tensor[] {
    const outputs = specs.map((spec) => this.#empty(spec));
    this.backend.execute(
      op,
      inputs,
      attributes,
      outputs.map((output) => placementOf(output, op)),
    );
    return outputs;
  }

  #empty(spec: Spec): Tensor {
    const buffer = this.backend.allocate(sizeOf(spec.shape) * bytesPerElement(spec.dtype));
    return this.adopt(new Storage(this.backend, buffer), spec);
  }

  #view(view: NonNullable<PrimitiveRow<unknown>['view']>, input: Tensor, attributes: unknown, spec: Spec): Tensor {
    const from = placementOf(input, 'view');
    const aliased = view(from.view, attributes);
    if (aliased) return new Tensor(this, spec, placeIn(from.storage, spec.dtype, aliased));
    const [copy] = this.#kernel('copy', [from], {}, [input]);
    const moved = this.#view(view, copy!, attributes, spec);
    copy!.dispose();
    return moved;
  }

  // One element, and every other a view of it.
  #fill(attributes: { value: number }, spec: Spec): Tensor {
    const storage = new Storage(this.backend, this.backend.allocate(bytesPerElement(spec.dtype)));
    this.backend.execute('fill', [], { ...attributes, shape: [] }, [placeIn(storage, spec.dtype, contiguousView([]))]);
    return new Tensor(this, spec, placeIn(storage, spec.dtype, { shape: spec.shape, strides: spec.shape.map(() => 0), offset: 0 }));
  }

  #loop(inputs: readonly Tensor[], attributes: unknown, specs: readonly Spec[]): readonly Tensor[] {
    const values = [...inputs, ...specs].map(({ shape, dtype }) => ({ shape, dtype }));
    const ids = values.map((_, id) => id);
    const [before, after] = [ids.slice(0, inputs.length), ids.slice(inputs.length)];
    const nodes = [{ op: 'scan' as const, attributes, inputs: before, outputs: after }];
    const plan = lower({ values, inputs: before, nodes, outputs: after }, this.backend);
    const outputs = specs.map((spec) => this.#empty(spec));
    const whole = inputs.map((input) => input.contiguous());
    const runner = preparePlan(this.backend, plan);
    try {
      const bufferOf = (tensor: Tensor) => placementOf(tensor, 'scan').buffer;
      runner.run(whole.map(bufferOf), outputs.map(bufferOf));
    } finally {
      runner.dispose();
    }
    whole.forEach((tensor, i) => tensor !== inputs[i] && tensor.dispose());
    return outputs;
  }

  #checkComputes(op: Op, inputs: readonly Tensor[]): void {
    for (const { dtype } of inputs) {
      if (this.backend.computes.has(dtype)) continue;
      throw new DTypeError(
        `[${opName(op)}] ${this.backend.name} computes with ${[...this.backend.computes].join(', ')}: got ${dtype}. Use astype('float32') first.`,
      );
    }
  }
}
