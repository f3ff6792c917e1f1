import { type Builder, type Composite, DeviceError, makeBuilder, opName, type Primitive, type PrimitiveAttributes } from '@tessera/core';
import { ambient, within } from './ambient.ts';
import { carryMasks } from './carry-masks.ts';
import type { Device, Op } from './device.ts';
import type { Random } from './ops/random.ts';
import type { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';

/** An op that has been answered. */
export interface OpEvent {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attributes: unknown;
  readonly outputs: readonly Tensor[];
}

/** Is told of every op and every access to a variable: a gradient tape, a profiler, an anomaly check. */
export interface Recorder {
  /** Needs the tensors that it hears of later on: while it listens, ending scopes leave theirs to the scope around. */
  readonly retains?: boolean;
  /** Whether a composite may be announced whole; when any recorder declines, the door expands it first. */
  accepts?(op: Composite<unknown>, inputs: readonly Tensor[]): boolean;
  record?(event: OpEvent): void;
  read?(variable: Variable, value: Tensor): void;
  assign?(variable: Variable, value: Tensor): void;
  /** Before the draw. */
  draw?(random: Random): void;
}

/** Runs a synchronous function with every op inside answered by `device`. */
export function withDevice<R>(device: Device, f: () => R): R {
  return within({ device }, f);
}

/** The device that answers every op at present, if one is set: a tracer. */
export function activeDevice(): Device | undefined {
  return ambient().device;
}

/** Runs a synchronous function with `recorder` told of every op inside, beside those already listening. */
export function withRecorder<R>(recorder: Recorder, f: () => R): R {
  return within({ recorders: [...ambient().recorders, recorder] }, f);
}

/** Runs a synchronous function that no recorder hears of. */
export function withoutRecorders<R>(f: () => R): R {
  return within({ recorders: [] }, f);
}

/** Runs a synchronous function of which recorders hear what it reads, assigns and draws, but not its ops: these are told of as one. */
export function withoutOps<R>(f: () => R): R {
  const recorders = ambient().recorders.map(
    (recorder): Recorder => ({
      read: (variable, value) => recorder.read?.(variable, value),
      assign: (variable, value) => recorder.assign?.(variable, value),
      draw: (random) => recorder.draw?.(random),
    }),
  );
  return within({ recorders }, f);
}

/** Whether someone listening needs tensors to outlive their scope. */
export function retaining(): boolean {
  return ambient().recorders.some((recorder) => recorder.retains);
}

/** Tells all recorders of an op that was answered elsewhere. */
export function announce(event: OpEvent): void {
  for (const recorder of ambient().recorders) recorder.record?.(event);
}

/** Tells all recorders that a variable was read. */
export function announceRead(variable: Variable, value: Tensor): void {
  for (const recorder of ambient().recorders) recorder.read?.(variable, value);
}

/** Tells all recorders that a source of random numbers is about to be drawn from. */
export function announceDraw(random: Random): void {
  for (const recorder of ambient().recorders) recorder.draw?.(random);
}

/** Tells all recorders that a variable was assigned. */
export function announceAssign(variable: Variable, value: Tensor): void {
  for (const recorder of ambient().recorders) recorder.assign?.(variable, value);
}

/**
 * The one door: every op call goes through here. The device answers it and every recorder is told, once: of the op as
 * a whole where all of them can take it, otherwise of the ops that it decomposes into.
 */
export function run<K extends Primitive>(
  op: K,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[K],
  device?: Device,
): readonly Tensor[];
export function run<A>(op: Composite<A>, inputs: readonly Tensor[], attributes: A, device?: Device): readonly Tensor[];
export function run(op: Op, inputs: readonly Tensor[], attributes: unknown, device?: Device): readonly Tensor[] {
  const { device: executor, recorders } = ambient();
  const target = executor ?? commonDevice(op, inputs) ?? device;
  if (!target) throw new DeviceError(`[${opName(op)}] needs a backend: got none. Call setDefaultBackend(await wasm()) first.`);
  if (typeof op !== 'string') {
    op.check?.(inputs, attributes);
    const whole = target.answers(op) && recorders.every((recorder) => recorder.accepts?.(op, inputs) ?? true);
    if (!whole) return op.decompose(builderOf(target), inputs, attributes);
  }
  const outputs = target.execute(op, inputs, attributes);
  if (recorders.length > 0) announce({ op, inputs, attributes, outputs });
  carryMasks(op, inputs, outputs, both);
  return outputs;
}

const both = (a: Tensor, b: Tensor): Tensor => run('logicalAnd', [a, b], {})[0]!;

function commonDevice(op: Op, inputs: readonly Tensor[]): Device | undefined {
  const device = inputs[0]?.device;
  for (const input of inputs) {
    if (input.device === device) continue;
    const taking = inputs.find((one) => one.device.takesAny);
    if (taking) return taking.device;
    throw new DeviceError(
      `[${opName(op)}] tensors must be on one backend: got ${device!.backend.name} and ${input.device.backend.name}. Move one with to(backend).`,
    );
  }
  return device;
}

const builders = new WeakMap<Device, Builder<Tensor>>();

/** The builder whose ops go through the door to `device`. */
export function builderOf(device: Device): Builder<Tensor> {
  let builder = builders.get(device);
  if (!builder) {
    builder = makeBuilder<Tensor>(((op: never, inputs: readonly Tensor[], attributes: never) =>
      run(op, inputs, attributes, device)) as never);
    builders.set(device, builder);
  }
  return builder;
}
