import { describe, expect, it } from 'vitest';
import { fused } from '../composites/fused.ts';
import type { DType } from '../dtype.ts';
import type { Graph, Node } from '../graph.ts';
import { lower } from './lower.ts';

type Row = readonly [op: Node['op'], inputs: number[], shape: number[], options?: { dtype?: DType; attributes?: object; outputs?: number }];

/** A graph over one input `[2, 4]`; outputs are the last values. */
function graphOf(rows: readonly Row[], outputs = 1): Graph {
  const values: { shape: number[]; dtype: DType }[] = [{ shape: [2, 4], dtype: 'float32' }];
  const nodes = rows.map(([op, inputs, shape, options = {}]): Node => {
    const { dtype = 'float32', attributes = {}, outputs: made = 1 } = options;
    const ids = Array.from({ length: made }, () => values.push({ shape, dtype }) - 1);
    return { op, inputs, outputs: ids, attributes };
  });
  return { values, inputs: [0], nodes, outputs: values.map((_, id) => id).slice(-outputs) };
}
/** For each step, which of its inputs its first output lies over; −1 for none. */
function overwritten(graph: Graph): number[] {
  const { steps } = lower(graph);
  return steps.map(({ inputs, outputs: [made] }) => inputs.findIndex(({ buffer }) => buffer === made!.buffer));
}

describe('results are written over what is needed no more', () => {
  it('in a chain, up to the result of the plan', () => {
    const graph = graphOf([
      ['exp', [0], [2, 4]],
      ['neg', [1], [2, 4]],
      ['mul', [0, 2], [2, 4]],
    ]);
    expect(overwritten(graph)).toEqual([-1, 0, 1]);
    expect(lower(graph).peakBytes).toBe(0);
  });
  it('but not over inputs of the plan, over what is read later, or over results', () => {
    expect(
      overwritten(
        graphOf([
          ['neg', [0], [2, 4]],
          ['exp', [1], [2, 4]],
          ['add', [1, 2], [2, 4]],
        ]),
      ),
    ).toEqual([-1, -1, 0]);
    expect(
      overwritten(
        graphOf(
          [
            ['neg', [0], [2, 4]],
            ['exp', [1], [2, 4]],
          ],
          2,
        ),
      ),
    ).toEqual([-1, -1]);
  });
  it('but not where elements have other places or sizes', () => {
    const flip = { attributes: { axes: [1] } };
    expect(
      overwritten(
        graphOf([
          ['exp', [0], [2, 4]],
          ['flip', [1], [2, 4], flip],
          ['add', [1, 2], [2, 4]],
        ]),
      ),
    ).toEqual([-1, -1]);
    expect(
      overwritten(
        graphOf([
          ['exp', [0], [2, 4]],
          ['less', [0, 1], [2, 4], { dtype: 'bool' }],
        ]),
      ),
    ).toEqual([-1, -1]);
    // Eight bytes of two int32 are not the eight of eight bools.
    const cast = { dtype: 'int32' as const, attributes: { dtype: 'int32' } };
    const column = { attributes: { axes: [1], keepDims: true } };
    const rows: Row[] = [
      ['max', [0], [2, 1], column],
      ['cast', [1], [2, 1], cast],
      ['cast', [0], [2, 4], cast],
      ['equal', [2, 3], [2, 4], { dtype: 'bool' }],
    ];
    expect(overwritten(graphOf(rows))).toEqual([-1, 0, -1, -1]);
  });
  it('over either input of an op whose row says so', () => {
    const attributes = { axis: 0, mode: 'add' };
    expect(
      overwritten(
        graphOf([
          ['exp', [0], [2, 4]],
          ['scatter', [1, 0, 0], [2, 4], { attributes }],
        ]),
      ),
    ).toEqual([-1, 0]);
  });
  it('also where the result is a piece of something', () => {
    const joined: Row = ['concat', [1, 3], [4, 4], { attributes: { axis: 0 } }];
    const graph = graphOf([['neg', [0], [2, 4]], ['exp', [0], [2, 4]], ['neg', [2], [2, 4]], joined, ['exp', [4], [4, 4]]]);
    const { steps, outputs, peakBytes } = lower(graph);
    expect(steps.map(({ op }) => op)).toEqual(['neg', 'exp', 'neg', 'exp']);
    expect(steps.map(({ outputs: [made] }) => [made!.buffer, made!.view.offset])).toEqual(
      [0, 8, 8, 0].map((offset) => [outputs[0]!.buffer, offset]),
    );
    expect(peakBytes).toBe(0);
  });
  it('in a fused step only where no later instruction reads what it overwrites', () => {
    const add = { op: 'add', dtype: 'float32' } as const;
    const fuse = (instructions: object[], outputs: number[]): Row => [
      fused as Node['op'],
      [1, 2],
      [2, 4],
      { attributes: { instructions, outputs }, outputs: outputs.length },
    ];
    const made: Row[] = [
      ['exp', [0], [2, 4]],
      ['neg', [0], [2, 4]],
    ];
    // The first output is there before the second input has been read for the last time.
    const early = [
      ...made,
      fuse(
        [
          { ...add, inputs: [0, 0] },
          { ...add, inputs: [1, 2] },
        ],
        [0, 1],
      ),
    ];
    const steps = lower(graphOf(early, 2)).steps;
    expect(steps[2]!.outputs.map(({ buffer }) => steps[2]!.inputs.findIndex((input) => input.buffer === buffer))).toEqual([0, 1]);
    const late = [
      ...made,
      fuse(
        [
          { ...add, inputs: [0, 1] },
          { ...add, inputs: [1, 2] },
        ],
        [0, 1],
      ),
    ];
    const [, , step] = lower(graphOf(late, 2)).steps;
    expect(step!.outputs.map(({ buffer }) => step!.inputs.findIndex((input) => input.buffer === buffer))).toEqual([0, 1]);
    const both = [
      ...made,
      fuse(
        [
          { ...add, inputs: [0, 1] },
          { ...add, inputs: [0, 1] },
        ],
        [0, 1],
      ),
    ];
    const [, , other] = lower(graphOf(both, 2)).steps;
    expect(other!.outputs.map(({ buffer }) => other!.inputs.findIndex((input) => input.buffer === buffer))).toEqual([-1, 0]);
  });
  it('over an input that the result replaces, unless it is read later or elsewhere', () => {
    const replaces = new Map([[0, 0]]);
    const over = (rows: Row[], outputs = 1): boolean => {
      const plan = lower(graphOf(rows, outputs), {}, replaces);
      return plan.outputs[0]!.buffer === plan.inputs[0]!.buffer;
    };
    const flip = { attributes: { axes: [1] } };
    expect(over([['neg', [0], [2, 4]]])).toBe(true);
    // Rather than over what else dies there.
    const sum: Row[] = [
      ['exp', [0], [2, 4]],
      ['add', [1, 0], [2, 4]],
    ];
    expect(over(sum)).toBe(true);
    const both: Row[] = [
      ['neg', [0], [2, 4]],
      ['exp', [0], [2, 4]],
    ];
    expect(over(both, 2)).toBe(false);
    const turned: Row[] = [
      ['flip', [0], [2, 4], flip],
      ['add', [0, 1], [2, 4]],
    ];
    expect(over(turned)).toBe(false);
    expect(over([['flip', [0], [2, 4], flip]])).toBe(false);
    // Also where buffers must be separate, if the op is element-wise.
    const separate = { separateBuffers: true };
    const added = lower(graphOf(sum), separate, replaces);
    expect(added.outputs[0]!.buffer).toBe(added.inputs[0]!.buffer);
    const scattered: Row = ['scatter', [0, 1, 1], [2, 4], { attributes: { axis: 0, mode: 'add' } }];
    for (const [options, isOver] of [
      [{}, true],
      [separate, false],
    ] as const) {
      const plan = lower(graphOf([['exp', [0], [2, 4]], scattered]), options, replaces);
      expect(plan.outputs[0]!.buffer === plan.inputs[0]!.buffer).toBe(isOver);
    }
    // The value that stays as it is needs no step.
    const { steps } = lower({ ...graphOf([]), outputs: [0] }, {}, replaces);
    expect(steps).toEqual([]);
  });
  it('not where buffers must be separate', () => {
    const { steps } = lower(
      graphOf([
        ['exp', [0], [2, 4]],
        ['neg', [1], [2, 4]],
        ['mul', [0, 2], [2, 4]],
      ]),
      { separateBuffers: true },
    );
    for (const { inputs, outputs } of steps) expect(inputs.map(({ buffer }) => buffer)).not.toContain(outputs[0]!.buffer);
  });
});
