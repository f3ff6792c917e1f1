import { type Kernel, type Operand, type PoolingAttributes, type Shape } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { fillWords, materialize } from './fill.ts';
import { declareGeometry, GEOMETRY, geometryWords } from './geometry.ts';
import { word } from './program.ts';
import type { Runtime } from './runtime.ts';

const WORKGROUP = 64;
const [offsetX, offsetY] = [1, 2].map((i) => word(GEOMETRY + i));

/** One channel at a time, or four: by their names in WGSL. Channels, C, and offsets are counted in the same. */
const forms = {
  lone: { float: 'f32', index: 'u32', declarations: 'fn unordered(x: f32) -> bool { return isNaN(x); }' },
  quads: {
    float: 'vec4<f32>',
    index: 'vec4<u32>',
    declarations:
      'fn unordered(x: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u); }',
  },
};
type Form = (typeof forms)[keyof typeof forms];

/** Goes over the window that begins at (d, h, w0) of image n, with `tap` the place in it and `x` where that is. */
const overWindow = (body: string): string => `{
    var tap = 0u;
    for (var kd = 0u; kd < KD; kd++) { let id = d + kd * ED;
    for (var kh = 0u; kh < KH; kh++) { let ih = h + kh * EH;
    for (var kw = 0u; kw < KW; kw++) { let iw = w0 + kw * EW;
      if (id < D && ih < H && iw < W) {
        let place = (((n * D + id) * H + ih) * W + iw) * C + c;
        ${body}
      }
      tap++;
    } } }
  }`;

/** The first greatest element of a window, `best`, and its place, `at`. NaN counts as greatest. */
const greatest = ({ float, index }: Form): string => `var best = ${float}(negated(infinity()));
  var at = ${index}(0xffffffffu);
  ${overWindow(`let x = X[${offsetX} + place];
        let taken = (at == ${index}(0xffffffffu)) | (!unordered(best) & (unordered(x) | (x > best)));
        best = select(best, x, taken);
        at = select(at, ${index}(tap), taken);`)}`;

/** The window of each output. */
const eachOutput = `  if (t >= N * OD * OH * OW * C) { return; }
  let c = t % C;
  let p = t / C;
  let n = p / (OD * OH * OW);
  let d = p / (OH * OW) % OD * SD - PD; let h = p / OW % OH * SH - PH; let w0 = p % OW * SW - PW;`;

const forward = (form: Form): string => `${declareGeometry}
${eachOutput}
  ${greatest(form)}
  Y[t] = best;`;

/** dx where no two windows share an input: each writes to all that it sees. */
const backwardApart = (form: Form): string => `${declareGeometry}
${eachOutput}
  ${greatest(form)}
  let dy = B[${offsetY} + t];
  ${overWindow(`Y[place] = select(${form.float}(0.0), dy, at == ${form.index}(tap));`)}`;

/** dx where they do: each input asks of all windows that see it whether it is their greatest. */
const backward = (form: Form): string => `${declareGeometry}
  if (t >= N * D * H * W * C) { return; }
  let c = t % C;
  let p = t / C;
  let n = p / (D * H * W);
  let pd = p / (H * W) % D + PD; let ph = p / W % H + PH; let pw = p % W + PW;
  var sum = ${form.float}(0.0);
  for (var own = 0u; own < KD * KH * KW; own++) {
    let gd = pd - own / (KH * KW) * ED; let gh = ph - own / KW % KH * EH; let gw = pw - own % KW * EW;
    let od = gd / SD; let oh = gh / SH; let ow = gw / SW;
    if (od >= OD || oh >= OH || ow >= OW || od * SD != gd || oh * SH != gh || ow * SW != gw) { continue; }
    let d = od * SD - PD; let h = oh * SH - PH; let w0 = ow * SW - PW;
    ${greatest(form)}
    let dy = B[${offsetY} + (((n * OD + od) * OH + oh) * OW + ow) * C + c];
    sum = sum + select(${form.float}(0.0), dy, at == ${form.index}(own));
  }
  Y[t] = sum;`;

type Names = 'maxPool' | 'maxPoolGradient';

export function pooling(runtime: Runtime): Readonly<Record<Names, Kernel<PoolingAttributes>>> {
  const run = (op: Names, x: Shape, y: Shape, inputs: readonly Operand[], attributes: PoolingAttributes, output: Operand): void => {
    const size = indexable(op, output.view.shape);
    if (size === 0) return;
    const { size: window, strides, dilation, padding } = attributes;
    const apart = op === 'maxPoolGradient' && window.every((n, i) => strides[i] > (n - 1) * dilation[i]);
    const covering = window.every((n, i) => n === strides[i] && n * y[i + 1] === x[i + 1] && padding[i][0] === 0);
    if (apart && !covering) fillWords(runtime, bufferOf(output), size * 4, 0, 'float32');
    const quads = [x.at(-1)!, ...inputs.map(({ view }) => view.offset)].every((n) => n % 4 === 0);
    const per = quads ? 4 : 1;
    const form = quads ? forms.quads : forms.lone;
    const seen = [...x.slice(0, -1), x.at(-1)! / per];
    const words = [...geometryWords(seen, window, seen.at(-1)!, y, attributes), ...inputs.map(({ view }) => view.offset / per)];
    const program = runtime.program(`${op}|${apart}|${quads}`, () => ({
      bindings: [
        { name: 'X', type: form.float },
        ...(op === 'maxPool' ? [] : [{ name: 'B', type: form.float }]),
        { name: 'Y', type: form.float, writes: true as const },
      ],
      words: GEOMETRY + 3,
      workgroup: WORKGROUP,
      declarations: form.declarations,
      main: (op === 'maxPool' ? forward : apart ? backwardApart : backward)(form),
    }));
    const buffers = [...inputs.map((input) => materialize(runtime, bufferOf(input))), bufferOf(output)];
    runtime.run(program, buffers, words, Math.ceil((apart ? indexable(op, y) : size) / per / WORKGROUP));
  };
  return {
    maxPool: ([x], attributes, [y]) => run('maxPool', x.view.shape, y.view.shape, [x], attributes, y),
    maxPoolGradient: ([x, dy], attributes, [dx]) => run('maxPoolGradient', x.view.shape, dy.view.shape, [x, dy], attributes, dx),
  };
}
