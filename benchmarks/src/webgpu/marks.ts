/** A storage array that a shader declares. */
interface StorageArray {
  readonly group: number;
  readonly binding: number;
  readonly elementBytes: number;
}

/** A shader that marks which elements of its storage arrays it touches. */
export interface MarkedShader {
  readonly code: string;
  readonly arrays: readonly StorageArray[];
  /** The group in which it has the marks as binding 0: the one after its own. */
  readonly group: number;
}

const scalars: Readonly<Record<string, number>> = { f32: 4, i32: 4, u32: 4, f16: 2 };

function bytesOf(type: string): number {
  const [, vector, scalar] = /^(?:atomic<|vec([234])<)?(\w+)>?$/.exec(type.replaceAll(/\s/g, '')) ?? [];
  const bytes = scalars[scalar ?? ''];
  if (bytes === undefined) throw new Error(`A storage array of ${type} is not known`);
  return bytes * (vector === undefined ? 1 : vector === '2' ? 2 : 4);
}

const attribute = (attributes: string, name: string): number => Number(new RegExp(`@${name}\\s*\\(\\s*(\\d+)`).exec(attributes)![1]!);

/**
 * The shader with each place `array[index]` of a storage array turned into `array[touched(index)]`, which sets the element's bit. The marks
 * begin with two words for each array, where its bits begin and how many elements it has.
 */
export function markedShader(wgsl: string): MarkedShader {
  const code = wgsl.replaceAll(/\/\/.*/g, '');
  const groups = Array.from(code.matchAll(/@group\s*\(\s*(\d+)/g), ([, group]) => Number(group));
  const group = Math.max(-1, ...groups) + 1;
  const places = new Map<string, number>();
  const arrays: StorageArray[] = [];
  for (const [, attributes, name, type] of code.matchAll(
    /((?:@\w+\s*\([^)]*\)\s*)+)var\s*<\s*storage[^>]*>\s*(\w+)\s*:\s*array\s*<\s*([^;]*?)\s*>\s*;/g,
  )) {
    places.set(name!, arrays.length);
    arrays.push({ group: attribute(attributes!, 'group'), binding: attribute(attributes!, 'binding'), elementBytes: bytesOf(type!) });
  }
  const functions = arrays.map(
    (_, i) => `fn touched_${i}(i: u32) -> u32 {
  if (i < atomicLoad(&touched[${2 * i + 1}])) {
    let word = atomicLoad(&touched[${2 * i}]) + (i >> 5u);
    let bit = 1u << (i & 31u);
    if ((atomicLoad(&touched[word]) & bit) == 0u) { atomicOr(&touched[word], bit); }
  }
  return i;
}`,
  );
  const marks = `@group(${group}) @binding(0) var<storage, read_write> touched: array<atomic<u32>>;`;
  return { code: [marking(code, places), marks, ...functions].join('\n'), arrays, group };
}

function marking(code: string, places: ReadonlyMap<string, number>): string {
  const parts: string[] = [];
  let from = 0;
  for (const match of code.matchAll(/(?<![\w.])(\w+)\s*\[/g)) {
    const place = places.get(match[1]!);
    // Inside of an index that was done already.
    if (place === undefined || match.index < from) continue;
    const start = match.index + match[0].length;
    const end = closing(code, start);
    parts.push(code.slice(from, start), `touched_${place}(u32(${marking(code.slice(start, end), places)}))`);
    from = end;
  }
  return parts.join('') + code.slice(from);
}

/** Where the bracket closes that was opened just before. */
function closing(code: string, start: number): number {
  let depth = 1;
  for (let i = start; i < code.length; i++) {
    if (code[i] === '[') depth++;
    else if (code[i] === ']' && --depth === 0) return i;
  }
  throw new Error('A bracket of the shader does not close');
}
