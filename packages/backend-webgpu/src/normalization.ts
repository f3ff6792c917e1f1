import {
  type GroupNormalizationAttributes,
  type Kernel,
  type LayerNormalizationAttributes,
  type NormalizationAttributes,
  type Operand,
  sizeOf,
} from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, type Cells, numbers } from './cells.ts';
import { foldColumns, OWN } from './columns.ts';
import { targetOf } from './elementwise.ts';
import { fillWords, materialize } from './fill.ts';
import { mapElements } from './map.ts';
import { floatWord, word } from './program.ts';
import { floatsIn } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { foldTeam, TEAM, teamMemory } from './wgsl/team.ts';

type OfSegments = 'layerNormalization' | 'layerNormalizationGradient' | 'groupNormalization' | 'groupNormalizationGradient';
type Names = OfSegments | 'batchNormalization' | 'batchNormalizationGradient';

/** The composites that normalise and their gradients. */
export const normalizationComposites: readonly Names[] = [
  'layerNormalization',
  'layerNormalizationGradient',
  'batchNormalization',
  'batchNormalizationGradient',
  'groupNormalization',
  'groupNormalizationGradient',
];

const sum = (a: string, b: string): string => `${a} + ${b}`;

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
  ${centered ? `${each(rows)(`mean = mean + X[${word(6)} + e];`)}\n  ${foldTeam('mean', sum)}\n  mean = mean / f32(count);` : ''}
  var variance = 0.0;
  ${each(rows)(`let d = X[${word(6)} + e] - mean; variance = variance + d * d;`)}
  ${foldTeam('variance', sum)}
  let r = 1.0 / root(variance / f32(count) + bitcast<f32>(${EPSILON}));`;

export function normalization(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const inputsOf = (operands: readonly Operand[]) => operands.map((operand) => materialize(runtime, bufferOf(operand)));
  const offsets = (operands: readonly Operand[]): number[] => operands.map(({ view }) => view.offset);
  const clear = (...operands: readonly Operand[]): void => {
    for (const operand of operands) fillWords(runtime, bufferOf(operand), sizeOf(operand.view.shape) * 4, 0, 'float32');
  };

  const normalize = (op: string, segments: Segments, given: readonly Operand[], y: Operand): void => {
    if (indexable(op, y.view.shape) === 0) return;
    const { places, groups, examples, centered } = segments;
    const rows = places === 1;
    const program = runtime.program(`${op}|${rows}|${centered}`, () => ({
      bindings: [
        { name: 'X', type: 'f32' },
        { name: 'A', type: 'f32' },
        { name: 'B', type: 'f32' },
        { name: 'Y', type: 'f32', writes: true },
      ],
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
    if (indexable(op, dx.view.shape) === 0) return clear(dgamma, dbeta);
    const { places, groups, examples, channels, centered } = segments;
    const rows = places === 1;
    const count = examples * groups;
    const kept = runtime.temporary(count * 8);
    const program = runtime.program(`${op}|${rows}|${centered}`, () => ({
      bindings: [
        { name: 'X', type: 'f32' },
        { name: 'A', type: 'f32' },
        { name: 'B', type: 'f32' },
        { name: 'Y', type: 'f32', writes: true },
        { name: 'S', type: 'vec2<f32>', writes: true },
      ],
      words: 9,
      workgroup: TEAM,
      declarations: teamMemory,
      // With v = dy·γ: dx = r·(v − mean v − x̂·mean(v·x̂)).
      main: `  ${statistics(rows, centered)}
  if (l == 0u) { S[g] = vec2<f32>(mean, r); }
  var along = 0.0;
  var level = 0.0;
  ${each(rows)(`let v = B[${word(8)} + e] * A[${word(7)} + f]; along = along + v * (X[${word(6)} + e] - mean) * r; level = level + v;`)}
  ${foldTeam('along', sum)}
  ${foldTeam('level', sum)}
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

    // Each part of a column has its own mean, from which its squares are counted. @see Chan, Golub, LeVeque 1983.
    batchNormalization([x, gamma, beta], { epsilon }: NormalizationAttributes, [y, mean, variance]) {
      const size = indexable('batchNormalization', x.view.shape);
      const n = x.view.shape.at(-1)!;
      if (n === 0) return;
      const scale = runtime.temporary(n * 4);
      foldColumns(
        runtime,
        { rows: size / n, n },
        {
          key: 'batchNormalization|columns',
          inputs: [['X', bufferOf(x)]],
          words: [x.view.offset],
          numbers: ['sum', 'squares'],
          main: (loop) => `var sum = 0.0;
  var squares = 0.0;
  ${loop(`sum = sum + X[${word(OWN)} + at];`)}
  let middle = sum / f32((${word(1)} + ${word(3)} - 1u - part) / ${word(3)});
  ${loop(`let d = X[${word(OWN)} + at] - middle; squares = squares + d * d;`)}`,
        },
        {
          key: 'batchNormalization|statistics',
          inputs: [['A', bufferOf(gamma)]],
          words: [gamma.view.offset, floatWord(epsilon)],
          outputs: [
            ['M', bufferOf(mean)],
            ['V', bufferOf(variance)],
            ['S', scale],
          ],
          main: (add) => `${add('total', 'p0')}
  let mean = quotient(total, f32(${word(1)}));
  ${add('squares', '(p1 + count * (p0 / count - mean) * (p0 / count - mean))')}
  if (l == 0u) {
    let variance = quotient(squares, f32(${word(1)}));
    M[column] = mean;
    V[column] = variance;
    S[column] = A[${word(OWN)} + column] * (1.0 / root(variance + bitcast<f32>(${word(OWN + 1)})));
  }`,
        },
      );
      const cells = [x, mean, floatsIn(scale, [n]), beta].map(numbers);
      mapElements(runtime, 'batchNormalization', y.view.shape, cells, [targetOf(y)], ([v, middle, factor, shift]) => ({
        results: [`(${v} - ${middle}) * ${factor} + ${shift}`],
      }));
    },
    // dx = γ·r·(dy − (Σ dy + x̂·Σ dy·x̂)/N)
    batchNormalizationGradient([x, gamma, mean, variance, dy], { epsilon }: NormalizationAttributes, [dx, dgamma, dbeta]) {
      const size = indexable('batchNormalizationGradient', x.view.shape);
      const n = x.view.shape.at(-1)!;
      if (n === 0) return;
      const coefficients = runtime.temporary(n * 12);
      foldColumns(
        runtime,
        { rows: size / n, n },
        {
          key: 'batchNormalizationGradient|columns',
          inputs: [
            ['X', bufferOf(x)],
            ['D', bufferOf(dy)],
            ['M', bufferOf(mean)],
          ],
          words: offsets([x, dy, mean]),
          numbers: ['scale', 'shift'],
          main: (loop) => `let mean = M[${word(OWN + 2)} + column];
  var scale = 0.0;
  var shift = 0.0;
  ${loop(`let d = D[${word(OWN + 1)} + at]; scale = scale + d * (X[${word(OWN)} + at] - mean); shift = shift + d;`)}`,
        },
        {
          key: 'batchNormalizationGradient|sums',
          inputs: [
            ['A', bufferOf(gamma)],
            ['V', bufferOf(variance)],
          ],
          words: [...offsets([gamma, variance]), floatWord(epsilon)],
          outputs: [
            ['G', bufferOf(dgamma)],
            ['H', bufferOf(dbeta)],
            ['S', coefficients],
          ],
          main: (add) => `${add('scale', 'p0')}
  ${add('shift', 'p1')}
  if (l == 0u) {
    let r = 1.0 / root(V[${word(OWN + 1)} + column] + bitcast<f32>(${word(OWN + 2)}));
    let rows = f32(${word(1)});
    G[column] = scale * r;
    H[column] = shift;
    S[column] = A[${word(OWN)} + column] * r;
    S[${word(2)} + column] = shift / rows;
    S[${word(2)} * 2u + column] = r * r * scale / rows;
  }`,
        },
      );
      const row = (i: number): Operand => ({ ...floatsIn(coefficients, [n]), view: { shape: [n], strides: [1], offset: i * n } });
      const cells: Cells[] = [x, dy, mean, row(0), row(1), row(2)].map(numbers);
      mapElements(runtime, 'batchNormalizationGradient', dx.view.shape, cells, [targetOf(dx)], ([v, d, middle, factor, level, slope]) => ({
        results: [`${factor} * (${d} - (${level} + (${v} - ${middle}) * ${slope}))`],
      }));
    },
  };
}
