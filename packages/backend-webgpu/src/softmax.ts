import { type Kernel, type None, type Operand, type Shape, sizeOf, type SoftmaxAttributes } from '@tessera/core';
import { indexable, stepOf } from './axes.ts';
import { bufferOf } from './cells.ts';
import { materialize } from './fill.ts';
import { word } from './program.ts';
import { lanesOf } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { addTeam, foldTeam, TEAM, teamMemory } from './wgsl/team.ts';

type OverAxis = 'softmax' | 'logSoftmax' | 'softmaxGradient' | 'logSoftmaxGradient';
type OverRows = 'softmaxCrossEntropy' | 'softmaxCrossEntropyGradient';

/** From how many elements on a lane is a team's. */
const LONG = 64;

/** How a shader's text goes over a lane, whose elements are of A, B and Y: by one invocation or a whole team. */
interface Lane {
  readonly each: (body: string) => string;
  readonly add: (variable: string) => string;
  readonly most: (variable: string) => string;
  /** Whether this invocation writes what there is one of for the lane. */
  readonly writes: string;
}

const a = `A[${word(4)} + base + i * ${word(3)}]`;
const b = `B[${word(5)} + base + i * ${word(3)}]`;
const y = `Y[base + i * ${word(3)}]`;

/** The greatest of a lane of A, and Σ e^(aᵢ − most). */
const exponentials = ({ each, add, most }: Lane): string => `var most = negated(infinity());
  ${each(`most = greater(most, ${a});`)}
  ${most('most')}
  var sum = 0.0;
  ${each(`sum = sum + exponential(${a} - most);`)}
  ${add('sum')}`;

/** What is done with each lane. */
const mains: { readonly [K in OverAxis | OverRows]: (lane: Lane) => string } = {
  // yᵢ = e^(aᵢ − most) / Σ
  softmax: (lane) => `${exponentials(lane)}
  ${lane.each(`${y} = quotient(exponential(${a} - most), sum);`)}`,
  // yᵢ = aᵢ − most − ln Σ
  logSoftmax: (lane) => `${exponentials(lane)}
  let logs = logarithm(sum);
  ${lane.each(`${y} = opaque(${a} - most) - logs;`)}`,
  // dx = y·(dy − Σ dy·y)
  softmaxGradient: ({ each, add }) => `var along = 0.0;
  ${each(`along = along + ${b} * ${a};`)}
  ${add('along')}
  ${each(`${y} = ${a} * (${b} - along);`)}`,
  // dx = dy − eʸ·Σ dy
  logSoftmaxGradient: ({ each, add }) => `var total = 0.0;
  ${each(`total = total + ${b};`)}
  ${add('total')}
  ${each(`${y} = ${b} - exponential(${a}) * total;`)}`,
  // −Σ t·(z − most − ln Σ), where a class of no weight adds nothing, however impossible it is.
  softmaxCrossEntropy: (lane) => `${exponentials(lane)}
  let logs = logarithm(sum);
  var total = 0.0;
  ${lane.each(`let weight = ${b}; if (!isZero(weight)) { total = total + weight * (opaque(${a} - most) - logs); }`)}
  ${lane.add('total')}
  if (${lane.writes}) { Y[lane] = negated(total); }`,
  // dz = (softmax(z)·Σt − t)·dy
  softmaxCrossEntropyGradient: (lane) => `${exponentials(lane)}
  var weight = 0.0;
  ${lane.each(`weight = weight + ${b};`)}
  ${lane.add('weight')}
  let slope = C[${word(6)} + lane * ${word(7)}];
  ${lane.each(`${y} = (quotient(exponential(${a} - most), sum) * weight - ${b}) * slope;`)}`,
};

/** softmax, cross-entropy and their gradients: a lane is gone over a few times by one invocation, or by a team where it is long. */
export function softmax(runtime: Runtime): Readonly<Record<OverAxis, Kernel<SoftmaxAttributes>> & Record<OverRows, Kernel<None>>> {
  const overLanes = (
    op: OverAxis | OverRows,
    { lanes, length, step }: ReturnType<typeof lanesOf>,
    inputs: readonly Operand[],
    output: Operand,
    ...more: readonly number[]
  ): void => {
    const byTeam = length >= LONG;
    const [first, by] = byTeam ? ['l', `${TEAM}u`] : ['0u', '1u'];
    const program = runtime.program(`${op}|${byTeam}`, () => ({
      bindings: [...inputs.map((_, i) => ({ name: 'ABC'[i], type: 'f32' })), { name: 'Y', type: 'f32', writes: true }],
      words: 4 + inputs.length + more.length,
      workgroup: TEAM,
      declarations: byTeam ? teamMemory : '',
      main: `  let lane = ${byTeam ? 'g' : 't'};
  if (lane >= ${word(1)}) { return; }
  let base = lane / ${word(3)} * ${word(2)} * ${word(3)} + lane % ${word(3)};
  ${mains[op]({
    each: (body) => `for (var i = ${first}; i < ${word(2)}; i = i + ${by}) { ${body} }`,
    add: (variable) => (byTeam ? addTeam(variable) : ''),
    most: (variable) => (byTeam ? foldTeam(variable, (x, other) => `greater(${x}, ${other})`, 'negated(infinity())') : ''),
    writes: byTeam ? 'l == 0u' : 'true',
  })}`,
    }));
    const buffers = [...inputs.map((operand) => materialize(runtime, bufferOf(operand))), bufferOf(output)];
    const words = [lanes, length, step, ...inputs.map(({ view }) => view.offset), ...more];
    runtime.run(program, buffers, words, byTeam ? lanes : Math.ceil(lanes / TEAM));
  };
  const overAxis =
    (op: OverAxis): Kernel<SoftmaxAttributes> =>
    (inputs, { axis }, [output]) => {
      const { shape } = output.view;
      if (indexable(op, shape) > 0) overLanes(op, lanesOf(shape, axis), inputs, output);
    };
  const rowsOf = (shape: Shape): ReturnType<typeof lanesOf> => ({ lanes: sizeOf(shape.slice(0, -1)), length: shape.at(-1)!, step: 1 });
  return {
    softmax: overAxis('softmax'),
    logSoftmax: overAxis('logSoftmax'),
    softmaxGradient: overAxis('softmaxGradient'),
    logSoftmaxGradient: overAxis('logSoftmaxGradient'),
    softmaxCrossEntropy(inputs, _, [losses]) {
      const { shape } = inputs[0].view;
      indexable('softmaxCrossEntropy', shape);
      overLanes('softmaxCrossEntropy', rowsOf(shape), inputs, losses);
    },
    softmaxCrossEntropyGradient(inputs, _, [dz]) {
      const { shape } = dz.view;
      if (indexable('softmaxCrossEntropyGradient', shape) === 0) return;
      overLanes('softmaxCrossEntropyGradient', rowsOf(shape), inputs, dz, stepOf(inputs[2]));
    },
  };
}
