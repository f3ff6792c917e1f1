import { type GroupNormalizationAttributes, type Kernel, type LayerNormalizationAttributes, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { foldColumns, OWN } from './columns.ts';
import { clear, materialize } from './fill.ts';
import { type Binding, floatWord, word } from './program.ts';
import type { Runtime } from './runtime.ts';
import { addTeam, TEAM, teamMemory } from './wgsl/team.ts';

type Names = 'layerNormalization' | 'layerNormalizationGradient' | 'groupNormalization' | 'groupNormalizationGradient';

/** What is normalised together: some neighbouring channels at all places of an example; a row is an example of one place. */
interface Segments {
  readonly examples: number;
  readonly places: number;
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly centered: boolean;
}

/** The parameters of segments. */
const [PLACES, CHANNELS, GROUPS, EPSILON] = [2, 3, 4, 5].map(word);
const wordsOf = ({ examples, places, channels, groups, epsilon }: Segments): number[] => [
  examples * groups,
  places,
  channels,
  groups,
  floatWord(epsilon),
];

/** Over the elements of the segment g by a team: `f` is an element's channel, `e` its place. */
const each =
  (rows: boolean) =>
  (body: string): string =>
    `for (var i = l; i < count; i = i + ${TEAM}u) { ${
      rows ? 'let f = begin + i; let e = start + i;' : `let f = begin + i % width; let e = start + i / width * ${CHANNELS} + i % width;`
    } ${body} }`;

/** μ and r = 1/√(σ² + ε) of the segment g. */
const statistics = (rows: boolean, centered: boolean): string => `if (g >= ${word(1)}) { return; }
  let width = ${CHANNELS} / ${GROUPS};
  let count = width * ${PLACES};
  let begin = g % ${GROUPS} * width;
  let start = g / ${GROUPS} * ${PLACES} * ${CHANNELS} + begin;
  var mean = 0.0;
  ${centered ? `${each(rows)(`mean = mean + X[${word(6)} + e];`)}\n  ${addTeam('mean')}\n  mean = mean / f32(count);` : ''}
  var variance = 0.0;
  ${each(rows)(`let d = X[${word(6)} + e] - mean; variance = variance + d * d;`)}
  ${addTeam('variance')}
  let r = 1.0 / root(variance / f32(count) + bitcast<f32>(${EPSILON}));`;

const bindings: readonly Binding[] = [
  { name: 'X', type: 'f32' },
  { name: 'A', type: 'f32' },
  { name: 'B', type: 'f32' },
  { name: 'Y', type: 'f32', writes: true },
];

export function normalization(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const inputsOf = (operands: readonly Operand[]) => operands.map((operand) => materialize(runtime, bufferOf(operand)));
  const offsets = (operands: readonly Operand[]): number[] => operands.map(({ view }) => view.offset);
  const normalize = (op: string, segments: Segments, given: readonly Operand[], y: Operand): void => {
    if (indexable(op, y.view.shape) === 0) return;
    const { places, groups, examples, centered } = segments;
    const rows = places === 1;
    const program = runtime.program(`${op}|${rows}|${centered}`, () => ({
      bindings,
      words: 9,
      workgroup: TEAM,
      declarations: teamMemory,
      main: `  ${statistics(rows, centered)}
  ${each(rows)(`Y[e] = (X[${word(6)} + e] - mean) * r * A[${word(7)} + f] + B[${word(8)} + f];`)}`,
    }));
    runtime.run(program, [...inputsOf(given), bufferOf(y)], [...wordsOf(segments), ...offsets(given)], examples * groups);
  };

  /** dx by segments, which leave their statistics; with those dγ and dβ by columns. */
  const gradient = (op: string, segments: Segments, given: readonly Operand[], [dx, dgamma, dbeta]: readonly Operand[]): void => {
    if (indexable(op, dx.view.shape) === 0) return clear(runtime, [dgamma, dbeta]);
    const { places, groups, examples, channels, centered } = segments;
    const rows = places === 1;
    const count = examples * groups;
    const kept = runtime.temporary(count * 8);
    const program = runtime.program(`${op}|${rows}|${centered}`, () => ({
      bindings: [...bindings, { name: 'S', type: 'vec2<f32>', writes: true }],
      words: 9,
      workgroup: TEAM,
      declarations: teamMemory,
      // With v = dy·γ: dx = r·(v − mean v − x̂·mean(v·x̂)).
      main: `  ${statistics(rows, centered)}
  if (l == 0u) { S[g] = vec2<f32>(mean, r); }
  var along = 0.0;
  var level = 0.0;
  ${each(rows)(`let v = B[${word(8)} + e] * A[${word(7)} + f]; along = along + v * (X[${word(6)} + e] - mean) * r; level = level + v;`)}
  ${addTeam('along')}
  ${addTeam('level')}
  level = ${centered ? 'level / f32(count)' : '0.0'};
  along = along / f32(count);
  ${each(rows)(`let unit = (X[${word(6)} + e] - mean) * r; Y[e] = r * (B[${word(8)} + e] * A[${word(7)} + f] - level - unit * along);`)}`,
    }));
    runtime.run(program, [...inputsOf(given), bufferOf(dx), kept], [...wordsOf(segments), ...offsets(given)], count);
    const [x, , dy] = given;
    foldColumns(
      runtime,
      { rows: examples * places, n: channels },
      {
        key: `${op}|columns`,
        inputs: [
          ['X', bufferOf(x)],
          ['D', bufferOf(dy)],
          ['S', kept, 'vec2<f32>'],
        ],
        words: [x.view.offset, dy.view.offset, places, groups],
        numbers: ['scale', 'shift'],
        main: (loop) => `var scale = 0.0;
  var shift = 0.0;
  let segment = column / (${word(2)} / ${word(OWN + 3)});
  ${loop(`let s = S[row / ${word(OWN + 2)} * ${word(OWN + 3)} + segment];
    let d = D[${word(OWN + 1)} + at];
    scale = scale + d * ((X[${word(OWN)} + at] - s.x) * s.y);
    shift = shift + d;`)}`,
      },
      {
        key: `${op}|sums`,
        inputs: [],
        words: [],
        outputs: [
          ['G', bufferOf(dgamma)],
          ['H', bufferOf(dbeta)],
        ],
        main: (add) => `${add('scale', 'p0')}\n  ${add('shift', 'p1')}\n  if (l == 0u) { G[column] = scale; H[column] = shift; }`,
      },
    );
  };

  /** Rows of the last axis as segments. */
  const rowsOf = ({ view: { shape } }: Operand, { epsilon, centered }: LayerNormalizationAttributes): Segments => {
    const examples = sizeOf(shape.slice(0, -1));
    return { examples, places: 1, channels: shape.at(-1)!, groups: 1, epsilon, centered };
  };
  const groupsOf = ({ view: { shape } }: Operand, { epsilon, groups }: GroupNormalizationAttributes): Segments => {
    const places = sizeOf(shape.slice(1, -1));
    return { examples: shape[0], places, channels: shape.at(-1)!, groups, epsilon, centered: true };
  };
  return {
    layerNormalization: (given, attributes: LayerNormalizationAttributes, [y]) =>
      normalize('layerNormalization', rowsOf(given[0], attributes), given, y),
    layerNormalizationGradient: (given, attributes: LayerNormalizationAttributes, outputs) =>
      gradient('layerNormalizationGradient', rowsOf(given[0], attributes), given, outputs),
    groupNormalization: (given, attributes: GroupNormalizationAttributes, [y]) =>
      normalize('groupNormalization', groupsOf(given[0], attributes), given, y),
    groupNormalizationGradient: (given, attributes: GroupNormalizationAttributes, outputs) =>
      gradient('groupNormalizationGradient', groupsOf(given[0], attributes), given, outputs),
  };
}
