import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../graph.ts';
import { lower } from './lower.ts';

/** A graph over `[2, 3]` inputs whose nodes are `[op, inputs, output shape, attributes]`, with the last value as its output. */
function graphOf(inputs: number, nodes: readonly [Node['op'], number[], number[], object?][], outputs?: readonly number[]): Graph {
  const values = Array.from({ length: inputs }, () => ({ shape: [2, 3], dtype: 'float32' as const }));
  const made = nodes.map(([op, given, shape, attributes = {}]): Node => {
    const id = values.push({ shape, dtype: 'float32' }) - 1;
    return { op, inputs: given, outputs: [id], attributes };
  });
  return { values, inputs: values.slice(0, inputs).map((_, id) => id), nodes: made, outputs: outputs ?? [values.length - 1] };
}
const opsOf = (graph: Graph, separateBuffers = false): string[] => lower(graph, { separateBuffers }).steps.map(({ op }) => op);
const joined = (axis: number, given: number[], shape: number[]): [Node['op'], number[], number[], object] => [
  'concat',
  given,
  shape,
  { axis },
];

describe('pieces of a concat are made in place', () => {
  it('along the leading axis, by several steps', () => {
    const graph = graphOf(1, [
      ['exp', [0], [2, 3]],
      ['sum', [0], [3], { axes: [0], keepDims: false }],
      ['reshape', [2], [1, 3], { shape: [1, 3] }],
      joined(0, [1, 3], [3, 3]),
    ]);
    const plan = lower(graph);
    expect(plan.steps.map(({ op }) => op)).toEqual(['exp', 'sum']);
    expect(plan.steps.map(({ outputs: [made] }) => [made!.buffer, made!.view.offset])).toEqual([
      [plan.outputs[0]!.buffer, 0],
      [plan.outputs[0]!.buffer, 6],
    ]);
    expect(plan.peakBytes).toBe(0);
  });
  it('also where they are read by others, and where the result is a piece again', () => {
    const graph = graphOf(1, [
      ['exp', [0], [2, 3]],
      ['neg', [1], [2, 3]],
      joined(0, [1, 2], [4, 3]),
      ['neg', [0], [2, 3]],
      joined(0, [4, 3], [6, 3]),
    ]);
    const plan = lower(graph);
    expect(plan.steps.map(({ op }) => op)).toEqual(['exp', 'neg', 'neg']);
    expect(plan.steps.map(({ outputs: [made] }) => made!.view.offset)).toEqual([6, 12, 0]);
  });
  it('but inputs, repeated pieces and results of the plan are copied to their places', () => {
    const graph = graphOf(1, [['exp', [0], [2, 3]], ['neg', [0], [2, 3]], joined(0, [1, 0, 1, 2], [8, 3])], [3, 2]);
    expect(opsOf(graph)).toEqual(['exp', 'neg', 'copy', 'copy', 'copy']);
  });
  it('but not along another axis, nor what is not whole', () => {
    expect(opsOf(graphOf(1, [['exp', [0], [2, 3]], joined(1, [1, 1], [2, 6])]))).toEqual(['exp', 'concat']);
    const part = { starts: [0, 0], steps: [1, 1], shape: [1, 3] };
    expect(opsOf(graphOf(1, [['exp', [0], [2, 3]], ['slice', [1], [1, 3], part], joined(0, [2, 2], [2, 3])]))).toEqual(['exp', 'concat']);
  });
  it('where buffers must be separate, unless a step would use its output’s buffer twice', () => {
    const apart = graphOf(1, [['exp', [0], [2, 3]], ['neg', [0], [2, 3]], joined(0, [1, 2], [4, 3])]);
    expect(opsOf(apart, true)).toEqual(['exp', 'neg']);
    const chained = graphOf(1, [['exp', [0], [2, 3]], ['neg', [1], [2, 3]], joined(0, [1, 2], [4, 3])]);
    expect(opsOf(chained, true)).toEqual(['exp', 'neg', 'copy']);
  });
});
