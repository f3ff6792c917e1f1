import { type Kernel, type Operand, type PoolingAttributes, type Shape, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { materialize } from './fill.ts';
import { declareGeometry, GEOMETRY, geometryWords } from './geometry.ts';
import { word } from './program.ts';
import type { Runtime } from './runtime.ts';

const WORKGROUP = 64;
const [offsetX, offsetY] = [1, 2].map((i) => word(GEOMETRY + i));

/** The first greatest element of the window that begins at (d, h, w0) of image n: its value and its place among the window's. */
const greatest = `
  for (var tap = 0u; tap < KD * KH * KW; tap++) {
    let id = d + tap / (KH * KW) * ED; let ih = h + tap / KW % KH * EH; let iw = w0 + tap % KW * EW;
    if (id >= D || ih >= H || iw >= W) { continue; }
    let x = X[${offsetX} + (((n * D + id) * H + ih) * W + iw) * C + c];
    if (at == none || (!isNaN(best) && (isNaN(x) || x > best))) { best = x; at = tap; }
  }`;

const forward = `${declareGeometry}
  if (t >= N * OD * OH * OW * C) { return; }
  let c = t % C;
  let p = t / C;
  let n = p / (OD * OH * OW);
  let d = p / (OH * OW) % OD * SD - PD; let h = p / OW % OH * SH - PH; let w0 = p % OW * SW - PW;
  const none = 0xffffffffu;
  var best = negated(infinity());
  var at = none;
  ${greatest}
  Y[t] = best;`;

/** dx: each input asks of all windows that see it whether it is their greatest. */
const backward = `${declareGeometry}
  if (t >= N * D * H * W * C) { return; }
  let c = t % C;
  let p = t / C;
  let n = p / (D * H * W);
  let pd = p / (H * W) % D + PD; let ph = p / W % H + PH; let pw = p % W + PW;
  const none = 0xffffffffu;
  var sum = 0.0;
  for (var own = 0u; own < KD * KH * KW; own++) {
    let gd = pd - own / (KH * KW) * ED; let gh = ph - own / KW % KH * EH; let gw = pw - own % KW * EW;
    let od = gd / SD; let oh = gh / SH; let ow = gw / SW;
    if (od >= OD || oh >= OH || ow >= OW || od * SD != gd || oh * SH != gh || ow * SW != gw) { continue; }
    let d = od * SD - PD; let h = oh * SH - PH; let w0 = ow * SW - PW;
    var best = negated(infinity());
    var at = none;
    ${greatest}
    if (at == own) { sum = sum + B[${offsetY} + (((n * OD + od) * OH + oh) * OW + ow) * C + c]; }
  }
  Y[t] = sum;`;

type Names = 'maxPool' | 'maxPoolGradient';

export function pooling(runtime: Runtime): Readonly<Record<Names, Kernel<PoolingAttributes>>> {
  const run = (op: Names, x: Shape, y: Shape, inputs: readonly Operand[], attributes: PoolingAttributes, output: Operand): void => {
    const size = indexable(op, output.view.shape);
    if (size === 0) return;
    const words = [...geometryWords(x, attributes.size, x.at(-1)!, y, attributes), ...inputs.map(({ view }) => view.offset)];
    const program = runtime.program(op, () => ({
      bindings: [
        { name: 'X', type: 'f32' },
        ...(op === 'maxPool' ? [] : [{ name: 'B', type: 'f32' }]),
        { name: 'Y', type: 'f32', writes: true as const },
      ],
      words: GEOMETRY + 3,
      workgroup: WORKGROUP,
      main: op === 'maxPool' ? forward : backward,
    }));
    const buffers = [...inputs.map((input) => materialize(runtime, bufferOf(input))), bufferOf(output)];
    runtime.run(program, buffers, words, Math.ceil(sizeOf(output.view.shape) / WORKGROUP));
  };
  return {
    maxPool: ([x], attributes, [y]) => run('maxPool', x.view.shape, y.view.shape, [x], attributes, y),
    maxPoolGradient: ([x, dy], attributes, [dx]) => run('maxPoolGradient', x.view.shape, dy.view.shape, [x, dy], attributes, dx),
  };
}
