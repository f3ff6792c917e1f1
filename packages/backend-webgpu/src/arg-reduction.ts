import type { ArgReduction, Kernels, Operand } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, numbers } from './cells.ts';
import { materialize } from './fill.ts';
import { word } from './program.ts';
import { arrange, BUSY, LONG, placeFunction, placeWords } from './reduction.ts';
import { TEAM } from './wgsl/team.ts';
import type { Runtime } from './runtime.ts';
import { loadElement } from './wgsl/elements.ts';

/** The place of the first greatest or least; NaN counts as both. Long rows are a team's. */
function argFold(runtime: Runtime, op: ArgReduction, x: Operand, axes: readonly number[], y: Operand): void {
  const { buffer, view, bytes, scalar } = numbers(x);
  const { outputs, count, kept, folded } = arrange(view, axes);
  indexable(op, view.shape);
  const ranks = [kept.lengths.length, folded.lengths.length];
  const byTeam = count >= LONG && (outputs < BUSY || Math.abs(folded.strides.at(-1)!) === 1);
  const beyond = `x ${op === 'argmax' ? '>' : '<'} best`;
  const better = scalar === 'f32' ? `!isNaN(best) && (isNaN(x) || ${beyond})` : beyond;
  const words = [outputs, count, view.offset, ...placeWords(kept), ...placeWords(folded)];
  const load = (i: string): string => loadElement('X', `base + foldedPlace(${i})`, bytes);
  const [output, first, by] = byTeam ? ['g', 'l', `${TEAM}u`] : ['t', '0u', '1u'];
  const program = runtime.program(`${op}|${scalar}${bytes}|${byTeam}|${ranks}`, () => ({
    bindings: [
      { name: 'X', type: bytes === 4 ? scalar : 'u32' },
      { name: 'Y', type: 'u32', writes: true },
    ],
    words: words.length + 1,
    workgroup: TEAM,
    declarations: `${placeFunction('keptPlace', ranks[0], 4)}
${placeFunction('foldedPlace', ranks[1], 4 + ranks[0] * 2)}
fn better(x: ${scalar}, best: ${scalar}) -> bool { return ${better}; }
${byTeam ? `var<workgroup> bests: array<${scalar}, ${TEAM}>;\nvar<workgroup> places: array<u32, ${TEAM}>;` : ''}`,
    main: `  if (${output} >= ${word(1)}) { return; }
  let base = ${word(3)} + keptPlace(${output});
  var best = ${load(first)};
  var at = ${first};
  for (var i = ${first} + ${by}; i < ${word(2)}; i = i + ${by}) {
    let x = ${load('i')};
    if (better(x, best)) { best = x; at = i; }
  }
  ${byTeam ? foldPlaces : 'Y[t] = at;'}`,
  }));
  runtime.run(program, [materialize(runtime, buffer), bufferOf(y)], words, byTeam ? outputs : Math.ceil(outputs / TEAM));
}

/** Of two that are alike the first counts. */
const foldPlaces = `bests[l] = best;
  places[l] = at;
  for (var half = ${TEAM / 2}u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (l < half) {
      let x = bests[l + half];
      let other = places[l + half];
      if (better(x, bests[l]) || (!better(bests[l], x) && other < places[l])) { bests[l] = x; places[l] = other; }
    }
  }
  if (l == 0u) { Y[g] = places[0]; }`;

export function argReduction(runtime: Runtime): Pick<Kernels, ArgReduction> {
  return {
    argmax: ([x], { axes }, [y]) => argFold(runtime, 'argmax', x, axes, y),
    argmin: ([x], { axes }, [y]) => argFold(runtime, 'argmin', x, axes, y),
  };
}
