import type { Kernel, SoftmaxAttributes } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { materialize } from './fill.ts';
import { word } from './program.ts';
import { lanesOf } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { foldTeam, TEAM, teamMemory } from './wgsl/team.ts';

/** From how many elements on a lane is a team's. */
const LONG = 64;

/** yᵢ = e^(xᵢ − max) / Σ, or xᵢ − max − ln Σ: one or a whole team goes over each lane three times. */
export function softmax(runtime: Runtime): Readonly<Record<'softmax' | 'logSoftmax', Kernel<SoftmaxAttributes>>> {
  const kernelOf =
    (op: 'softmax' | 'logSoftmax'): Kernel<SoftmaxAttributes> =>
    ([x], { axis }, [y]) => {
      const size = indexable(op, x.view.shape);
      if (size === 0) return;
      const { lanes, length, step } = lanesOf(x.view.shape, axis);
      const byTeam = length >= LONG;
      const [own, by] = byTeam ? ['l', `${TEAM}u`] : ['0u', '1u'];
      const each = (body: string): string => `for (var i = ${own}; i < ${word(2)}; i = i + ${by}) { ${body} }`;
      const element = `X[${word(4)} + base + i * ${word(3)}]`;
      const program = runtime.program(`${op}|${byTeam}`, () => ({
        bindings: [
          { name: 'X', type: 'f32' },
          { name: 'Y', type: 'f32', writes: true },
        ],
        words: 5,
        workgroup: TEAM,
        declarations: byTeam ? teamMemory : '',
        main: `  let lane = ${byTeam ? 'g' : 't'};
  if (lane >= ${word(1)}) { return; }
  let base = lane / ${word(3)} * ${word(2)} * ${word(3)} + lane % ${word(3)};
  var most = negated(infinity());
  ${each(`most = greater(most, ${element});`)}
  ${byTeam ? foldTeam('most', (a, b) => `greater(${a}, ${b})`) : ''}
  var sum = 0.0;
  ${each(`sum = sum + exponential(${element} - most);`)}
  ${byTeam ? foldTeam('sum', (a, b) => `${a} + ${b}`) : ''}
  ${
    op === 'softmax'
      ? each(`Y[base + i * ${word(3)}] = quotient(exponential(${element} - most), sum);`)
      : `let logs = logarithm(sum);
  ${each(`Y[base + i * ${word(3)}] = opaque(${element} - most) - logs;`)}`
  }`,
      }));
      runtime.run(
        program,
        [materialize(runtime, bufferOf(x)), bufferOf(y)],
        [lanes, length, step, x.view.offset],
        byTeam ? lanes : Math.ceil(lanes / TEAM),
      );
    };
  return { softmax: kernelOf('softmax'), logSoftmax: kernelOf('logSoftmax') };
}
