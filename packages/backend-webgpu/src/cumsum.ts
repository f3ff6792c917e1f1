import type { Kernels, Operand } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, numbers } from './cells.ts';
import { materialize } from './fill.ts';
import { word } from './program.ts';
import { BUSY, lanesOf, LONG } from './reduction.ts';
import { TEAM } from './wgsl/team.ts';
import type { Runtime } from './runtime.ts';
import { temporary } from './temporary.ts';

/** What a team sums up of a lane at once; longer ones are divided. */
const STRETCH = 1024;

/**
 * Sums along lanes: by one invocation each where they are short, else by teams, each invocation of it a stretch. What comes before a
 * part of a lane is the sum along the sums of those parts.
 */
function cumulate(runtime: Runtime, x: Operand, axis: number, y: Operand): void {
  const size = indexable('cumsum', x.view.shape);
  if (size === 0) return;
  const { lanes, length, step } = lanesOf(x.view.shape, axis);
  const byTeam = length > LONG && lanes < BUSY;
  const parts = byTeam ? Math.ceil(length / STRETCH) : 1;
  if (parts === 1) return cumulateParts(runtime, byTeam ? 'team' : 'lone', x, { lanes, length, step, parts }, y);
  const made = (): Operand => temporary(runtime, x.dtype, [lanes, parts]);
  const [totals, before] = [made(), made()];
  cumulateParts(runtime, 'totals', x, { lanes, length, step, parts }, totals);
  cumulate(runtime, totals, 1, before);
  cumulateParts(runtime, 'after', x, { lanes, length, step, parts }, y, before);
}

/** Sums along parts of lanes, from 0 or after what is before them, or gives only the sum of each. */
function cumulateParts(
  runtime: Runtime,
  kind: 'lone' | 'team' | 'totals' | 'after',
  x: Operand,
  { lanes, length, step, parts }: Readonly<Record<'lanes' | 'length' | 'step' | 'parts', number>>,
  y: Operand,
  before?: Operand,
): void {
  const { buffer, view, scalar } = numbers(x);
  const byTeam = kind !== 'lone';
  const span = Math.ceil(length / parts);
  const stretch = byTeam ? Math.ceil(span / TEAM) : length;
  const element = (from: string): string => `${from} + i * ${word(3)}`;
  const each = (body: string): string => `for (var i = first; i < min(first + ${word(5)}, end); i++) { ${body} }`;
  const total = `var total = ${scalar}(0);
  ${each(`total = total + X[${element('base')}];`)}
  team[l] = total;
  workgroupBarrier();`;
  const sums = `${each(`sum = sum + X[${element('base')}]; Y[${element(`base - ${word(4)}`)}] = sum;`)}`;
  const added = (count: string): string => `for (var i = 0u; i < ${count}; i++) { sum = sum + team[i]; }`;
  const program = runtime.program(`cumsum|${scalar}|${kind}`, () => ({
    bindings: [{ name: 'X', type: scalar }, ...(before ? [{ name: 'B', type: scalar }] : []), { name: 'Y', type: scalar, writes: true }],
    words: 8,
    workgroup: TEAM,
    declarations: byTeam ? `var<workgroup> team: array<${scalar}, ${TEAM}>;` : '',
    main: `  let at = ${byTeam ? 'g' : 't'};
  if (at >= ${word(1)} * ${word(6)}) { return; }
  let lane = at / ${word(6)};
  let base = ${word(4)} + lane / ${word(3)} * ${word(2)} * ${word(3)} + lane % ${word(3)};
  let begin = at % ${word(6)} * ${word(7)};
  let end = min(begin + ${word(7)}, ${word(2)});
  let first = begin${byTeam ? ` + l * ${word(5)}` : ''};
  ${byTeam ? total : ''}
  var sum = ${scalar}(0);
  ${before ? `if (at % ${word(6)} > 0u) { sum = B[at - 1u]; }` : ''}
  ${kind === 'totals' ? `if (l == 0u) { ${added(`${TEAM}u`)} Y[at] = sum; }` : `${byTeam ? added('l') : ''}\n  ${sums}`}`,
  }));
  const buffers = [materialize(runtime, buffer), ...(before ? [bufferOf(before)] : []), bufferOf(y)];
  const groups = byTeam ? lanes * parts : Math.ceil(lanes / TEAM);
  runtime.run(program, buffers, [lanes, length, step, view.offset, stretch, parts, span], groups);
}

export function cumsum(runtime: Runtime): Pick<Kernels, 'cumsum'> {
  return { cumsum: ([x], { axis }, [y]) => cumulate(runtime, x, axis, y) };
}
