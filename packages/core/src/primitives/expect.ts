import { DTypeError, ShapeError } from '../errors.ts';
import { isFloat, kindOf } from '../dtype.ts';
import type { Spec } from '../op.ts';
import { formatShape } from '../shape.ts';

/** Specs as they read in messages: `[2, 3] float32 and [3] int32`. */
function formatSpecs(specs: readonly Spec[]): string {
  return specs.map(({ shape, dtype }) => `${formatShape(shape)} ${dtype}`).join(' and ');
}

/** The dtype that all have. */
export function oneDType(op: string, specs: readonly Spec[]): void {
  if (specs.some(({ dtype }) => dtype !== specs[0]!.dtype)) {
    throw new DTypeError(`[${op}] operands must have one dtype: got ${formatSpecs(specs)}. Convert with astype.`);
  }
}

export function expectFloat(op: string, specs: readonly Spec[]): void {
  if (specs.some(({ dtype }) => !isFloat(dtype))) {
    throw new DTypeError(`[${op}] operands must be floats: got ${formatSpecs(specs)}. Convert with astype('float32').`);
  }
}

export function expectNumbers(op: string, specs: readonly Spec[]): void {
  if (specs.some(({ dtype }) => dtype === 'bool')) {
    throw new DTypeError(`[${op}] operands must be numbers: got ${formatSpecs(specs)}. Convert with astype('int32').`);
  }
}

export function expectBools(op: string, specs: readonly Spec[]): void {
  if (specs.some(({ dtype }) => kindOf(dtype) !== 'bool')) {
    throw new DTypeError(`[${op}] operands must be bool: got ${formatSpecs(specs)}. Compare them with something first.`);
  }
}

export function expectInt32(op: string, what: string, spec: Spec): void {
  if (spec.dtype !== 'int32') throw new DTypeError(`[${op}] ${what} must be int32: got ${spec.dtype}. Convert with astype('int32').`);
}

export function expectRank(op: string, what: string, spec: Spec, least: number): void {
  if (spec.shape.length < least) {
    throw new ShapeError(`[${op}] ${what} must have at least ${least} axes: got ${formatShape(spec.shape)}`);
  }
}

/** `[N, ...S, C]` with one to three axes S, as convolution and pooling take them. */
export function expectSpatialAxes(op: string, shape: readonly number[]): void {
  if (shape.length <= 5) return;
  throw new ShapeError(`[${op}] input [N, ...S, C] must have one to three spatial axes: got ${formatShape(shape)}`);
}
