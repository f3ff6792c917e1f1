import { type Kernel, type LayerNormalizationAttributes, type Operand, sizeOf } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { fillWords, materialize } from './fill.ts';
import { floatWord, word } from './program.ts';
import { floatsIn, foldInto } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { foldTeam, TEAM, teamMemory } from './wgsl/team.ts';

type Names = 'layerNormalization' | 'layerNormalizationGradient';

const each = (body: string): string => `for (var i = l; i < ${word(2)}; i = i + ${TEAM}u) { ${body} }`;
const sum = (a: string, b: string): string => `${a} + ${b}`;

/** μ and r = 1/√(σ² + ε) of a row, by a team. */
const statistics = (centered: boolean): string => `let row = g;
  if (row >= ${word(1)}) { return; }
  let x0 = ${word(4)} + row * ${word(2)};
  let length = f32(${word(2)});
  var mean = 0.0;
  ${centered ? `${each('mean = mean + X[x0 + i];')}\n  ${foldTeam('mean', sum)}\n  mean = mean / length;` : ''}
  var variance = 0.0;
  ${each('let d = X[x0 + i] - mean; variance = variance + d * d;')}
  ${foldTeam('variance', sum)}
  let r = 1.0 / root(variance / length + bitcast<f32>(${word(3)}));`;

export function normalization(runtime: Runtime): Readonly<Record<Names, Kernel<LayerNormalizationAttributes>>> {
  const inputsOf = (operands: readonly Operand[]) => operands.map((operand) => materialize(runtime, bufferOf(operand)));
  const offsets = (operands: readonly Operand[]): number[] => operands.map(({ view }) => view.offset);
  return {
    layerNormalization([x, gamma, beta], { epsilon, centered }, [y]) {
      const size = indexable('layerNormalization', x.view.shape);
      if (size === 0) return;
      const n = x.view.shape.at(-1)!;
      const given = [x, gamma, beta];
      const program = runtime.program(`layerNormalization|${centered}`, () => ({
        bindings: [
          { name: 'X', type: 'f32' },
          { name: 'A', type: 'f32' },
          { name: 'B', type: 'f32' },
          { name: 'Y', type: 'f32', writes: true },
        ],
        words: 7,
        workgroup: TEAM,
        declarations: teamMemory,
        main: `  ${statistics(centered)}
  ${each(`Y[row * ${word(2)} + i] = (X[x0 + i] - mean) * r * A[${word(5)} + i] + B[${word(6)} + i];`)}`,
      }));
      runtime.run(program, [...inputsOf(given), bufferOf(y)], [size / n, n, floatWord(epsilon), ...offsets(given)], size / n);
    },
    // dx row by row; for dγ and dβ each row leaves dy·x̂, and columns are summed.
    layerNormalizationGradient([x, gamma, dy], { epsilon, centered }, [dx, dgamma, dbeta]) {
      const size = indexable('layerNormalizationGradient', x.view.shape);
      const n = x.view.shape.at(-1)!;
      if (size === 0) {
        for (const { buffer, view } of [dgamma, dbeta].map((operand) => ({ buffer: bufferOf(operand), view: operand.view }))) {
          fillWords(runtime, buffer, sizeOf(view.shape) * 4, 0, 'float32');
        }
        return;
      }
      const given = [x, gamma, dy];
      const products = runtime.temporary(size * 4);
      const program = runtime.program(`layerNormalizationGradient|${centered}`, () => ({
        bindings: [
          { name: 'X', type: 'f32' },
          { name: 'A', type: 'f32' },
          { name: 'B', type: 'f32' },
          { name: 'Y', type: 'f32', writes: true },
          { name: 'Z', type: 'f32', writes: true },
        ],
        words: 7,
        workgroup: TEAM,
        declarations: teamMemory,
        main: `  ${statistics(centered)}
  let y0 = ${word(6)} + row * ${word(2)};
  var along = 0.0;
  var level = 0.0;
  ${each(`let v = B[y0 + i] * A[${word(5)} + i]; along = along + v * (X[x0 + i] - mean) * r; level = level + v;`)}
  ${foldTeam('along', sum)}
  ${foldTeam('level', sum)}
  ${centered ? 'level = level / length;' : 'level = 0.0;'}
  along = along / length;
  ${each(`let unit = (X[x0 + i] - mean) * r;
    Y[row * ${word(2)} + i] = r * (B[y0 + i] * A[${word(5)} + i] - level - unit * along);
    Z[row * ${word(2)} + i] = B[y0 + i] * unit;`)}`,
      }));
      const words = [size / n, n, floatWord(epsilon), ...offsets(given)];
      runtime.run(program, [...inputsOf(given), bufferOf(dx), products], words, size / n);
      foldInto(runtime, 'sum', floatsIn(products, [size / n, n]), [0], bufferOf(dgamma));
      const rows = { ...dy, view: { shape: [size / n, n], strides: [n, 1], offset: dy.view.offset } };
      foldInto(runtime, 'sum', rows, [0], bufferOf(dbeta));
    },
  };
}
