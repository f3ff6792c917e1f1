const KIND = Symbol.for('tessera.error');

/**
 * The base of every error that Tessera throws on purpose.
 *
 * Messages read `[where] rule: got X. The way out.` Two copies of this package may be loaded side by side, so use
 * {@link TesseraError.is} rather than `instanceof`.
 */
export class TesseraError extends Error {
  /** The class's name, spelled out so that it survives minification. */
  static readonly kind: string = 'TesseraError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    const kinds: string[] = [];
    for (let c: typeof TesseraError = new.target; c.kind !== undefined; c = Object.getPrototypeOf(c)) kinds.push(c.kind);
    this.name = new.target.kind;
    Object.defineProperty(this, KIND, { value: kinds });
  }

  /** Whether `error` is of this class or one below it, thrown by any loaded copy of Tessera. */
  static is<C extends typeof TesseraError>(this: C, error: unknown): error is InstanceType<C> {
    return error instanceof Error && ((error as { [KIND]?: string[] })[KIND]?.includes(this.kind) ?? false);
  }
}

/** Shapes, axes or sizes that do not fit the operation. */
export class ShapeError extends TesseraError {
  static override readonly kind: string = 'ShapeError';
}
/** A dtype that the operation or the backend does not compute with. */
export class DTypeError extends TesseraError {
  static override readonly kind: string = 'DTypeError';
}
/** A backend that is missing, lost, disposed, or not the one that holds the tensor. */
export class DeviceError extends TesseraError {
  static override readonly kind: string = 'DeviceError';
}
/** More memory than the backend can give. */
export class OutOfMemoryError extends DeviceError {
  static override readonly kind: string = 'OutOfMemoryError';
}
/** A device that is gone, with all that was on it: a driver that was reset, a machine that slept. */
export class DeviceLostError extends DeviceError {
  static override readonly kind: string = 'DeviceLostError';
}
/** Bytes that are not what their format says. */
export class FormatError extends TesseraError {
  static override readonly kind: string = 'FormatError';
}
/** Data that a model cannot be trained on: empty, NaN, labels out of range. */
export class DataError extends TesseraError {
  static override readonly kind: string = 'DataError';
}
/** Saved state that does not match what it is loaded into. */
export class StateError extends TesseraError {
  static override readonly kind: string = 'StateError';
}
/** A call that the library's rules forbid, such as reading a value while tracing. */
export class UsageError extends TesseraError {
  static override readonly kind: string = 'UsageError';
}
