/**
 * A table of precision, recall and F1 for each class of a confusion matrix, as scikit-learn prints it. The macro average is over the
 * classes that are predicted or actual.
 */
export function classificationReport(
  matrix: readonly (readonly number[])[],
  names: readonly string[] = matrix.map((_, i) => String(i)),
): string {
  const width = Math.max(12, ...names.map((name) => name.length));
  const rows = matrix.map((row, i) => {
    const hits = row[i]!;
    const predicted = matrix.reduce((sum, other) => sum + other[i]!, 0);
    const support = row.reduce((a, b) => a + b, 0);
    const f1 = (2 * hits) / (predicted + support || 1);
    return { precision: hits / (predicted || 1), recall: hits / (support || 1), f1, predicted, support };
  });
  const total = rows.reduce((sum, { support }) => sum + support, 0);
  const present = rows.filter(({ predicted, support }) => predicted + support > 0);
  const mean = (key: 'precision' | 'recall' | 'f1', weigh: boolean): number =>
    present.reduce((sum, row) => sum + row[key] * (weigh ? row.support / total : 1 / present.length), 0);
  const line = (name: string, values: readonly number[], support: number): string =>
    `${name.padStart(width)}  ${values.map((value) => value.toFixed(3).padStart(9)).join('  ')}  ${String(support).padStart(7)}`;
  const averages = [false, true].map((weigh) =>
    line(
      weigh ? 'weighted avg' : 'macro avg',
      (['precision', 'recall', 'f1'] as const).map((key) => mean(key, weigh)),
      total,
    ),
  );
  return [
    `${''.padStart(width)}  precision     recall         f1  support`,
    ...rows.map((row, i) => line(names[i]!, [row.precision, row.recall, row.f1], row.support)),
    '',
    ...averages,
  ].join('\n');
}
