import { isTensor } from './brand.ts';
import type { Device } from './device.ts';

/** Writes calls down for the device of symbolic tensors. */
interface Recording {
  readonly device: Device;
  record(callee: unknown, args: readonly unknown[], evaluate: (...args: never[]) => unknown): unknown;
}

/** Nothing until the first symbolic tensor is made, so that programs without any neither look for them nor load what records them. */
let recording: Recording | undefined;

/** From now on calls of ops with tensors of that device are recorded. @internal */
export function recordWith(recorder: Recording): void {
  recording = recorder;
}

/** Whether a tensor of the device is in a value: itself, or in arrays and plain objects. */
function holds(device: Device, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isTensor(value)) return value.device === device;
  if (Array.isArray(value)) return value.some((child) => holds(device, child));
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) && Object.values(value).some((child) => holds(device, child));
}

/** Whether a symbolic tensor is in a value: itself, or in arrays and plain objects. */
export function hasSymbols(value: unknown): boolean {
  return recording !== undefined && holds(recording.device, value);
}

/**
 * Makes an op of a function of tensors: between symbolic tensors a call of it is recorded as it was made, with its name and its
 * arguments; every other call runs the function.
 *
 * @example
 * const swish: (x: Tensor, beta?: number) => Tensor = op('@scope/swish', (x, beta = 1) => x.mul(x.mul(beta).sigmoid()))
 */
/* @__NO_SIDE_EFFECTS__ */
export function op<F extends (...args: never[]) => unknown>(name: string, f: F): F {
  const call = (...args: Parameters<F>): unknown =>
    recording !== undefined && holds(recording.device, args) ? recording.record(call, args, f) : f(...args);
  return Object.defineProperties(call, { name: { value: name }, '~op': { value: name } }) as F;
}

/** The name that an op was given, if the value is one. */
export function opNameOf(callee: unknown): string | undefined {
  return typeof callee === 'function' ? (callee as { '~op'?: string })['~op'] : undefined;
}
