import { formatShape, ShapeError, sizeOf } from '@tessera/core';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { matmul } from './matmul.ts';
import { diagonal } from './diagonal.ts';
import { reshape, transpose } from './movement.ts';
import { mul } from './elementwise.ts';

interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Einstein's summation: labels that the output lacks are multiplied and summed over.
 *
 * @throws ShapeError for labels that do not fit the shapes.
 * @example
 * einsum('bij,bjk->bik', a, b) // batched matrix product
 */
export const einsum: (equation: string, ...operands: Tensor[]) => Tensor = op('einsum', (equation, ...operands) => {
  const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string | undefined];
  const terms = left.split(',');
  if (terms.length !== operands.length) {
    throw new ShapeError(`[einsum] '${equation}' names ${terms.length} operands: got ${operands.length}`);
  }
  const inputs = operands.map((x, i) => withoutRepeats({ x, labels: labelsOf(terms[i]!, x, equation) }));
  const lengths = new Map<string, number>();
  for (const { x, labels } of inputs) {
    labels.forEach((label, axis) => {
      const [known, length] = [lengths.get(label), x.shape[axis]!];
      if (known !== undefined && known !== length && known !== 1 && length !== 1) {
        throw new ShapeError(`[einsum] label ${label} of '${equation}' stands for ${known} and for ${length}`);
      }
      lengths.set(label, Math.max(known ?? length, length));
    });
  }
  const all = inputs.flatMap(({ labels }) => labels);
  const dots = [...new Set(all.filter((label) => label.startsWith('.')))].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const implicit = [...new Set(all)].filter((label) => !label.startsWith('.') && terms.join('').split(label).length === 2).sort();
  const output = right === undefined ? [...dots, ...implicit] : expand(right, dots);
  const unknown = output.find((label) => !lengths.has(label));
  if (unknown) throw new ShapeError(`[einsum] the output of '${equation}' names ${unknown}, which no operand has`);

  const result = inputs.reduce((a, b, i) => contract(a, b, new Set([...output, ...inputs.slice(i + 1).flatMap(({ labels }) => labels)])));
  const { x, labels } = sumOut(result, new Set(output));
  return transpose(
    x,
    output.map((label) => labels.indexOf(label)),
  );
});

/** Single letters as they stand; an ellipsis as `.n` labels, numbered so that they align from the last axis. */
function expand(term: string, dots: readonly string[]): string[] {
  const gap = term.indexOf('...');
  return gap < 0 ? [...term] : [...term.slice(0, gap), ...dots, ...term.slice(gap + 3)];
}

function labelsOf(term: string, x: Tensor, equation: string): string[] {
  const hidden = x.rank - term.replace('...', '').length;
  const labels = expand(
    term,
    Array.from({ length: Math.max(0, hidden) }, (_, i) => `.${i - hidden}`),
  );
  if (labels.length !== x.rank) {
    throw new ShapeError(`[einsum] '${term}' of '${equation}' names ${labels.length} axes: got shape ${formatShape(x.shape)}`);
  }
  return labels;
}

/** A label that stands twice in one operand means its diagonal. */
function withoutRepeats({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]!);
  const rest = labels.filter((_, axis) => axis !== first && axis !== second);
  return withoutRepeats({ x: diagonal(x, 0, first, second), labels: [...rest, labels[second]!] });
}

function sumOut({ x, labels }: Labelled, keep: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (keep.has(label) ? [] : [axis]));
  return axes.length ? { x: x.sum(axes), labels: labels.filter((label) => keep.has(label)) } : { x, labels };
}

/** Two operands into one: labels shared and no longer needed are summed by one batched matrix product. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const left = sumOut(a, new Set([...needed, ...b.labels]));
  const right = sumOut(b, new Set([...needed, ...a.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const stretches = shared.some((label) => left.x.shape[left.labels.indexOf(label)] !== right.x.shape[right.labels.indexOf(label)]);
  if (stretches) return product(left, right);
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const onlyLeft = left.labels.filter((label) => !shared.includes(label));
  const onlyRight = right.labels.filter((label) => !shared.includes(label));
  const shapeOf = ({ x, labels }: Labelled, list: readonly string[]): number[] => list.map((label) => x.shape[labels.indexOf(label)]!);
  const arrange = (t: Labelled, rows: readonly string[], columns: readonly string[]): Tensor =>
    reshape(
      transpose(
        t.x,
        [...batch, ...rows, ...columns].map((label) => t.labels.indexOf(label)),
      ),
      [sizeOf(shapeOf(t, batch)), sizeOf(shapeOf(t, rows)), sizeOf(shapeOf(t, columns))],
    );
  const multiplied = matmul(arrange(left, onlyLeft, summed), arrange(right, summed, onlyRight));
  const shape = [...shapeOf(left, batch), ...shapeOf(left, onlyLeft), ...shapeOf(right, onlyRight)];
  return { x: reshape(multiplied, shape), labels: [...batch, ...onlyLeft, ...onlyRight] };
}

/** The broadcast product over all labels of both. */
function product(a: Labelled, b: Labelled): Labelled {
  const labels = [...new Set([...a.labels, ...b.labels])];
  const align = ({ x, labels: own }: Labelled): Tensor => {
    const present = labels.filter((label) => own.includes(label));
    const ordered = transpose(
      x,
      present.map((label) => own.indexOf(label)),
    );
    return reshape(
      ordered,
      labels.map((label) => (own.includes(label) ? x.shape[own.indexOf(label)]! : 1)),
    );
  };
  return { x: mul(align(a), align(b)), labels };
}
