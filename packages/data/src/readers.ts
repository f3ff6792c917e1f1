import { FormatError, sizeOf, type TypedArray } from '@tessera/core';
import { column, type Column } from './column/column.ts';

const idxTypes: Readonly<Record<number, { bytes: number; read(view: DataView, count: number): TypedArray }>> = {
  8: { bytes: 1, read: (view) => new Uint8Array(copyOf(view)) },
  9: { bytes: 1, read: (view) => new Int8Array(copyOf(view)) },
  12: { bytes: 4, read: (view, count) => Int32Array.from({ length: count }, (_, i) => view.getInt32(i * 4)) },
  13: { bytes: 4, read: (view, count) => Float32Array.from({ length: count }, (_, i) => view.getFloat32(i * 4)) },
  14: { bytes: 8, read: (view, count) => Float64Array.from({ length: count }, (_, i) => view.getFloat64(i * 8)) },
};

function copyOf(view: DataView): ArrayBuffer {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
}

/**
 * Reads an IDX file, the format of MNIST: big-endian numbers behind their type and shape.
 *
 * @throws FormatError if the file is not one or is cut off.
 * @see http://yann.lecun.com/exdb/mnist
 */
export function readIdx(bytes: Uint8Array): Column {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 ? idxTypes[bytes[2]!] : undefined;
  if (!type) throw new FormatError('[readIdx] a file begins with two zeros and a type: got something else. Is it still compressed?');
  const rank = bytes[3]!;
  if (rank === 0) throw new FormatError('[readIdx] the shape must have axes: got none');
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new FormatError(`[readIdx] the header of ${start} bytes must be whole: got ${bytes.length}`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = sizeOf(shape);
  if (bytes.length !== start + count * type.bytes) {
    throw new FormatError(
      `[readIdx] shape [${shape.join(', ')}] takes ${start + count * type.bytes} bytes: got ${bytes.length}. The file is cut off or damaged.`,
    );
  }
  return column(type.read(new DataView(bytes.buffer, bytes.byteOffset + start, count * type.bytes), count), shape);
}

/**
 * Reads CIFAR-10's binary layout: records of one label byte and 3 × 32 × 32 bytes, channel by channel.
 *
 * Gives images `[N, 32, 32, 3]` and labels `[N]`. @throws FormatError if the file is not made of whole records.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function readCifar10(bytes: Uint8Array): { x: Column<Uint8Array<ArrayBuffer>>; y: Column<Uint8Array<ArrayBuffer>> } {
  const plane = 32 * 32;
  const record = 1 + 3 * plane;
  const count = bytes.length / record;
  if (!Number.isInteger(count))
    throw new FormatError(`[readCifar10] records take ${record} bytes each: got ${bytes.length} bytes. The file is cut off or damaged.`);
  const images = new Uint8Array(count * 3 * plane);
  const labels = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    const start = n * record;
    const label = bytes[start]!;
    if (label > 9) throw new FormatError(`[readCifar10] labels are from 0 to 9: got ${label} in record ${n}`);
    labels[n] = label;
    for (let channel = 0; channel < 3; channel++) {
      const from = start + 1 + channel * plane;
      for (let i = 0; i < plane; i++) images[(n * plane + i) * 3 + channel] = bytes[from + i]!;
    }
  }
  return { x: column(images, [count, 32, 32, 3]), y: column(labels) };
}

/** Decompresses gzip, up to a limit (default 1 GiB). @throws FormatError if the data is damaged or larger. */
export async function gunzip(bytes: Uint8Array, maxBytes: number = 2 ** 30): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of stream as unknown as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > maxBytes) throw new FormatError(`[gunzip] the content must not exceed ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    if (FormatError.is(cause)) throw cause;
    throw new FormatError('[gunzip] the data must be gzip: it is cut off or damaged', { cause });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
