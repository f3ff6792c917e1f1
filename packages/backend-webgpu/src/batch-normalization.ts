import type { Kernel, NormalizationAttributes, Operand } from '@tessera/core';
import { indexable } from './axes.ts';
import { bufferOf, type Cells, numbers } from './cells.ts';
import { foldColumns, OWN } from './columns.ts';
import { targetOf } from './elementwise.ts';
import { mapElements } from './map.ts';
import { floatWord, word } from './program.ts';
import { floatsIn } from './reduction.ts';
import type { Runtime } from './runtime.ts';

type Names = 'batchNormalization' | 'batchNormalizationGradient';

const offsets = (operands: readonly Operand[]): number[] => operands.map(({ view }) => view.offset);

export function batchNormalization(runtime: Runtime): Readonly<Record<Names, Kernel<NormalizationAttributes>>> {
  return {
    // Each part of a column has its own mean, from which its squares are counted. @see Chan, Golub, LeVeque 1983.
    batchNormalization([x, gamma, beta], { epsilon }, [y, mean, variance]) {
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
  let middle = sum / count;
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
    batchNormalizationGradient([x, gamma, mean, variance, dy], { epsilon }, [dx, dgamma, dbeta]) {
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
