import { type Buffer, bytesPerElement, DeviceError, type Operand, sizeOf } from '@tessera/core';
import type { KernelName, QueryName } from './generated/names.ts';
import type { Call, Work } from './program/job.ts';

/** A buffer of this backend: a stretch of the module's memory. */
export interface WasmBuffer extends Buffer {
  readonly address: number;
}

/** The compiled functions: of int32 and double arguments. */
export type KernelExports = { readonly [K in KernelName]: (...inputs: number[]) => void } & {
  readonly [K in QueryName]: (...inputs: number[]) => number;
};

/** How a kernel call may be divided; see {@link Call} and {@link Work}. */
export type Split = Omit<Call, 'kernel' | 'parameters'> & Work;

/**
 * What kernels' functions call. They are static: for given addresses, shapes and attributes they always make the same calls,
 * so that a plan's calls can be written down once. See `Instance`, which does them, and `Recorder`, which writes them down.
 */
export interface Runtime {
  readonly kernels: KernelExports;
  /** How many threads there are, the caller's among them. */
  readonly threads: number;
  /** Memory for one kernel call; the same at every call. Each thread has as much, one after another. */
  scratch(bytes: number): number;
  /** Memory that holds these int32 for the next kernel call: what describes its work. */
  words(values: readonly number[]): number;
  /** Does a kernel call: at once, or where that takes long in parts by all threads. */
  call(kernel: KernelName, parameters: readonly number[], split: Split): void;
  /** Whether there are threads to share with, and work of so many nanoseconds is worth telling them. */
  worthSharing(nanoseconds: number): boolean;
  /** Does calls that go over the same units together: tile by tile, and where that takes long in parts by all threads. */
  share(calls: readonly Call[], work: Work): void;
}

/** The address of an operand's first element. */
export function addressOf(operand: Operand): number {
  return addressAt(operand, 0);
}

/** The address of the element `place` elements after an operand's first. */
export function addressAt({ buffer, dtype, view }: Operand, place: number): number {
  const { address } = buffer as WasmBuffer;
  if (address === undefined) throw new DeviceError('[wasm] the buffer is of another backend');
  return address + (view.offset + place) * bytesPerElement(dtype);
}

/** The suffixes of kernels that there are for several dtypes. */
export type Suffix = 'f32' | 'i32' | 'u8';

/** An op's kernels by their suffixes. A name put together at each call would have to be looked up among all that the engine knows. */
export function bySuffix(op: string): Readonly<Record<Suffix, KernelName>> {
  return { f32: `${op}_f32`, i32: `${op}_i32`, u8: `${op}_u8` } as Record<Suffix, KernelName>;
}

/** The same of kernels that only look at the elements' bytes. */
export function byBytes(op: string): Readonly<Record<number, KernelName>> {
  return { 1: `${op}_8`, 2: `${op}_16`, 4: `${op}_32`, 8: `${op}_64` } as Record<number, string> as Record<number, KernelName>;
}

/** The suffix of kernels for a computed dtype. */
export function suffixOf(operand: Operand): Suffix {
  return operand.dtype === 'float32' ? 'f32' : operand.dtype === 'int32' ? 'i32' : 'u8';
}

/** 1 where the elements lie one after another, 0 where one is repeated. */
export function stepOf({ view: { strides, shape } }: Operand): 0 | 1 {
  return strides.some((stride) => stride !== 0) || sizeOf(shape) <= 1 ? 1 : 0;
}

/** Fills operands that lie without gaps with zeros. */
export function clear({ kernels }: Runtime, ...operands: readonly Operand[]): void {
  for (const operand of operands) kernels.fill_32(sizeOf(operand.view.shape), 0, 0, addressOf(operand));
}
