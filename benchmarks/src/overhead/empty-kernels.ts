import { readFile } from 'node:fs/promises';

/** Reads numbers as WebAssembly writes them. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(Math.floor(value / 128))];
}

const section = { types: 1, functions: 3, code: 10, data: 11, dataCount: 12 } as const;

/** What gives a zero of a type: `i32.const 0`, and so on. */
const zeros: Readonly<Record<number, readonly number[]>> = {
  0x7f: [0x41, 0],
  0x7e: [0x42, 0],
  0x7d: [0x43, 0, 0, 0, 0],
  0x7c: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
};
const END = 0x0b;

/** The module with every function's body replaced by nothing but zeros for its results. @see https://webassembly.github.io/spec/core/binary/ */
function emptied(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(module, 8);
  const parts: number[][] = [[...module.subarray(0, 8)]];
  let results: number[][] = [];
  let typeOf: number[] = [];
  while (reader.at < module.length) {
    const start = reader.at;
    const id = reader.unsigned();
    const length = reader.unsigned();
    const end = reader.at + length;
    if (id === section.types) {
      results = reader.list(() => {
        reader.at++;
        reader.list(() => reader.at++);
        return reader.list(() => module[reader.at++]!);
      });
    }
    if (id === section.functions) typeOf = reader.list(() => reader.unsigned());
    if (id === section.code) {
      const bodies = typeOf.map((type) => [0, ...results[type]!.flatMap((result) => zeros[result]!), END]);
      const content = [...unsigned(bodies.length), ...bodies.flatMap((body) => [...unsigned(body.length), ...body])];
      parts.push([id, ...unsigned(content.length), ...content]);
    } else if (id !== section.data && id !== section.dataCount) {
      parts.push([...module.subarray(start, end)]);
    }
    reader.at = end;
  }
  return Uint8Array.from(parts.flat());
}

/** Our kernels, all of which do nothing. */
export async function emptyKernels(): Promise<WebAssembly.Module> {
  const bytes = await readFile(new URL('../../../packages/backend-wasm/build/simd.wasm', import.meta.url));
  return WebAssembly.compile(emptied(bytes));
}
