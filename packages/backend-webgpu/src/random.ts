import { type DropoutAttributes, dropoutScale, type Kernel, type Kernels, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { floatWord, word } from './program.ts';
import type { Runtime } from './runtime.ts';

const WORKGROUP = 64;

/**
 * Declares `philox`, of the number of a block of four words, the key and the counter; and `portion`, the upper 24 bits of words as
 * numbers from 0 to 2²⁴ − 1, in their order as signed ones.
 *
 * @see Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
 */
const philox = `fn philox(block: u32, key: vec2<u32>, counter: vec2<u32>) -> vec4<u32> {
  var c = vec4<u32>(block, 0u, counter.x, counter.y);
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high = vec2<u32>(productHigh(0xd2511f53u, c.x), productHigh(0xcd9e8d57u, c.z));
    c = vec4<u32>(high.y ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high.x ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k = k + vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
fn portion(words: vec4<u32>) -> vec4<f32> { return vec4<f32>((words >> vec4<u32>(8u)) ^ vec4<u32>(0x800000u)); }`;

/**
 * Declares what drops, besides {@link philox}: `dropFour` four weights that are neighbours from the place `i` on, and `dropOne` one. Key
 * and counter are the words of `draws`; the rate and what is kept is multiplied by are parameters from `at` on.
 */
export const dropping = (at: number): string => `${philox}
fn uniforms(block: u32) -> vec4<f32> {
  return portion(philox(block, vec2<u32>(draws[0], draws[1]), vec2<u32>(draws[2], draws[3]))) * ${2 ** -24};
}
fn dropFour(x: vec4<f32>, i: u32) -> vec4<f32> {
  var u = uniforms(i >> 2u);
  let shift = i & 3u;
  if (shift > 0u) {
    let low = u;
    let high = uniforms((i >> 2u) + 1u);
    for (var j = 0u; j < 4u; j++) { u[j] = select(low[(j + shift) & 3u], high[(j + shift) & 3u], j + shift > 3u); }
  }
  return select(x * bitcast<f32>(${word(at + 1)}), vec4<f32>(0.0), u < vec4<f32>(bitcast<f32>(${word(at)})));
}
fn dropOne(x: f32, i: u32) -> f32 {
  return select(x * bitcast<f32>(${word(at + 1)}), 0.0, uniforms(i >> 2u)[i & 3u] < bitcast<f32>(${word(at)}));
}`;

type Draws = 'randomBits' | 'uniform' | 'normal' | 'dropout';

/** What is drawn into: how many elements, in so many blocks; what is read beside the draws, and a shader's own parameters. */
interface Drawn {
  readonly y: Operand;
  readonly blocks: number;
  readonly x?: GpuBuffer;
  readonly words?: readonly number[];
  /** Of elements of x and y, in WGSL. */
  readonly type?: string;
}

const unit = 2 ** -24;
const four = (each: string): string => `for (var j = 0u; j < min(4u, ${word(1)} - t * 4u); j++) { ${each} }`;
/** Where a shader's own parameters lie. */
const [first, second, third] = [5, 6, 7].map(word);

/** What is made of the block t, by `key` and `counter`. */
const mains = {
  randomBits: `let c = philox(t, key, counter);
  ${four('Y[t * 4u + j] = c[j];')}`,
  uniform: `let u = portion(philox(t, key, counter)) * ${unit};
  ${four('Y[t * 4u + j] = u[j];')}`,
  // √(−2 ln u)·cos 2πv and ·sin 2πv: the words of all u come first, then those of all v, which need not begin with a block.
  normal: `let pairs = ${first};
  let u = (portion(philox(t, key, counter)) + 1.0) * ${unit};
  let begin = (pairs >> 2u) + t;
  let shift = pairs & 3u;
  let low = portion(philox(begin, key, counter));
  var high = low;
  if (shift > 0u) { high = portion(philox(begin + 1u, key, counter)); }
  for (var j = 0u; j < min(4u, pairs - t * 4u); j++) {
    let i = t * 4u + j;
    let at = (j + shift) & 3u;
    let angle = select(low[at], high[at], j + shift > 3u) * ${Math.fround(2 * Math.PI * unit)};
    let radius = root(logarithm(u[j]) * -2.0);
    Y[i] = radius * cosine(angle);
    if (pairs + i < ${word(1)}) { Y[pairs + i] = radius * sine(angle); }
  }`,
  dropout: `let u = portion(philox(t, key, counter)) * ${unit};
  let rate = bitcast<f32>(${first});
  let scale = bitcast<f32>(${second});
  ${four(`Y[t * 4u + j] = select(X[${third} + t * 4u + j] * scale, 0.0, u[j] < rate);`)}`,
  dropoutOfFour: `let u = portion(philox(t, key, counter)) * ${unit};
  let rate = vec4<f32>(bitcast<f32>(${first}));
  Y[t] = select(X[(${third} >> 2u) + t] * bitcast<f32>(${second}), vec4<f32>(0.0), u < rate);`,
};

/** Draws: an invocation has a block of four words, which are those of its place in the stream. */
export function random(runtime: Runtime): Readonly<Record<Draws, Kernel<never>>> & Pick<Kernels, 'randomBits'> {
  const draw = (main: keyof typeof mains, [key, counter]: readonly Operand[], { y, blocks, x, words = [], type = 'f32' }: Drawn): void => {
    if (blocks === 0) return;
    const program = runtime.program(main.replace('Of', '|'), () => ({
      bindings: [
        ...(x ? [{ name: 'X', type }] : []),
        { name: 'K', type: 'u32' },
        { name: 'C', type: 'u32' },
        { name: 'Y', type, writes: true },
      ],
      words: 5 + words.length,
      workgroup: WORKGROUP,
      declarations: philox,
      main: `  if (t >= ${word(2)}) { return; }
  let key = vec2<u32>(K[${word(3)}], K[${word(3)} + 1u]);
  let counter = vec2<u32>(C[${word(4)}], C[${word(4)} + 1u]);
  ${mains[main]}`,
    }));
    const draws = [key, counter].map((operand) => materialize(runtime, bufferOf(operand)));
    const parameters = [sizeOf(y.view.shape), blocks, key.view.offset, counter.view.offset, ...words];
    runtime.run(program, [...(x ? [x] : []), ...draws, bufferOf(y)], parameters, Math.ceil(blocks / WORKGROUP));
  };
  const sizeIn = (op: string, { view }: Operand): number => indexable(op, view.shape);
  return {
    randomBits: (inputs, _, [y]) => draw('randomBits', inputs, { y, blocks: Math.ceil(sizeIn('randomBits', y) / 4), type: 'u32' }),
    uniform: (inputs, _, [y]) => draw('uniform', inputs, { y, blocks: Math.ceil(sizeIn('uniform', y) / 4) }),
    normal(inputs, _, [y]) {
      const pairs = Math.ceil(sizeIn('normal', y) / 2);
      draw('normal', inputs, { y, blocks: Math.ceil(pairs / 4), words: [pairs] });
    },
    dropout([x, ...draws]: readonly Operand[], { rate }: DropoutAttributes, [y]: readonly Operand[]) {
      const size = sizeIn('dropout', y);
      const vectors = size % 4 === 0 && x.view.offset % 4 === 0;
      draw(vectors ? 'dropoutOfFour' : 'dropout', draws, {
        y,
        blocks: Math.ceil(size / 4),
        x: materialize(runtime, bufferOf(x)),
        words: [floatWord(rate), floatWord(dropoutScale(rate)), x.view.offset],
        type: vectors ? 'vec4<f32>' : 'f32',
      });
    },
  };
}
