import type { Contestant } from '../contest.ts';
import type { Node } from '../onnx/model.ts';
import { runOnnx } from '../onnx/run.ts';
import { batch, type Block, epsilon, heads, time, width } from './work.ts';

/** The block in ONNX's operators, which the runtime fuses as it can: layer normalisation, gelu, and products with their scale are. */
export function onnxForward({ x, parameters }: Block): Promise<Contestant> {
  const nodes: Node[] = [];
  const add = (op: string, inputs: readonly string[], attributes: NonNullable<Node['attributes']> = {}, name?: string): string => {
    const output = name ?? `value${nodes.length}`;
    nodes.push({ op, inputs, output, attributes });
    return output;
  };
  const parameter = (i: number): string => `parameter${i}`;
  const normalize = (y: string, i: number): string =>
    add('LayerNormalization', [y, parameter(i), parameter(i + 1)], { axis: -1n, epsilon });
  const project = (y: string, i: number): string => add('Add', [add('MatMul', [y, parameter(4 + 2 * i)]), parameter(5 + 2 * i)]);
  const toHeads = (y: string, perm: readonly number[]): string => add('Transpose', [add('Reshape', [y, 'heads'])], { perm });

  const normal = normalize('x', 0);
  const q = toHeads(project(normal, 0), [0, 2, 1, 3]);
  const k = toHeads(project(normal, 1), [0, 2, 3, 1]);
  const v = toHeads(project(normal, 2), [0, 2, 1, 3]);
  const scores = add('Softmax', [add('Mul', [add('MatMul', [q, k]), 'scale'])], { axis: -1n });
  const attended = add('Reshape', [add('Transpose', [add('MatMul', [scores, v])], { perm: [0, 2, 1, 3] }), 'rows']);
  const z = add('Add', ['x', project(attended, 3)]);
  const inner = add('Gelu', [project(normalize(z, 2), 4)], { approximate: 'tanh' });
  add('Add', [z, project(inner, 5)], {}, 'y');

  const shape = (...lengths: number[]): { shape: number[]; data: BigInt64Array<ArrayBuffer> } => ({
    shape: [lengths.length],
    data: BigInt64Array.from(lengths, BigInt),
  });
  const weights = {
    ...Object.fromEntries(parameters.map((filled, i) => [parameter(i), filled])),
    heads: shape(batch, time, heads, width / heads),
    rows: shape(batch, time, width),
    scale: { shape: [], data: Float32Array.of(1 / Math.sqrt(width / heads)) },
  };
  return runOnnx({ x: x.shape, y: x.shape, weights, nodes }, x);
}
