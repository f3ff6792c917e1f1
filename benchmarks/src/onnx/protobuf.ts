/** A field of a message: numbers as varints, floats as four bytes, text, bytes and messages with their length. */
export type Field = readonly [number: number, value: bigint | number | string | Uint8Array | { readonly float: number }];

/**
 * Fields in the wire format of Protocol Buffers: what ONNX models are written in. Six message types with a few fields each need no
 * library.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function message(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  const parts: Uint8Array[] = [];
  const flush = (): void => void parts.push(Uint8Array.from(bytes.splice(0)));
  const varint = (value: bigint): void => {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
  };
  const tag = (field: number, wire: number): void => varint(BigInt(field * 8 + wire));
  for (const [field, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      tag(field, 0);
      varint(BigInt(value));
    } else if (typeof value === 'string' || value instanceof Uint8Array) {
      const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      tag(field, 2);
      varint(BigInt(content.length));
      flush();
      parts.push(content);
    } else {
      tag(field, 5);
      bytes.push(...new Uint8Array(Float32Array.of(value.float).buffer));
    }
  }
  flush();
  return Uint8Array.from(Buffer.concat(parts));
}
