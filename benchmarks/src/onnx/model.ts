import type { Filled } from '../filled.ts';
import { type Field, message } from './protobuf.ts';

/** An operator of ONNX: what it reads and writes, by name. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Numbers that are no floats are given as bigint. */
  readonly attributes?: Readonly<Record<string, number | bigint | string | readonly number[]>>;
}

/** A graph of one input and one output, `x` and `y`. */
export interface Model {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weights: Readonly<Record<string, Filled | { readonly shape: readonly number[]; readonly data: BigInt64Array<ArrayBuffer> }>>;
  readonly nodes: readonly Node[];
}

const FLOAT = 1;
const INT64 = 7;
const OPSET = 20;
const AttributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

function attribute(name: string, value: number | bigint | string | readonly number[]): Uint8Array {
  const fields = ((): Field[] => {
    if (typeof value === 'number') {
      return [
        [2, { float: value }],
        [20, AttributeType.float],
      ];
    }
    if (typeof value === 'bigint') {
      return [
        [3, value],
        [20, AttributeType.int],
      ];
    }
    if (typeof value === 'string') {
      return [
        [4, value],
        [20, AttributeType.string],
      ];
    }
    return [...value.map((n): Field => [8, n]), [20, AttributeType.ints]];
  })();
  return message([[1, name], ...fields]);
}

function node({ op, inputs, output, attributes = {} }: Node): Uint8Array {
  return message([
    ...inputs.map((input): Field => [1, input]),
    [2, output],
    [4, op],
    ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
  ]);
}

function weight(name: string, { shape, data }: Model['weights'][string]): Uint8Array {
  const type = data instanceof Float32Array ? FLOAT : INT64;
  return message([
    ...shape.map((length): Field => [1, length]),
    [2, type],
    [8, name],
    [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
}

/** A tensor of float32 with its name. */
function value(name: string, shape: readonly number[]): Uint8Array {
  const dimensions = message(shape.map((length): Field => [1, message([[1, length]])]));
  const tensor = message([
    [1, FLOAT],
    [2, dimensions],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ]);
}

/**
 * A model in ONNX's own bytes.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function modelBytes({ x, y, weights, nodes }: Model): Uint8Array {
  const graph = message([
    ...nodes.map((each): Field => [1, node(each)]),
    [2, 'graph'],
    ...Object.entries(weights).map(([name, data]): Field => [5, weight(name, data)]),
    [11, value('x', x)],
    [12, value('y', y)],
  ]);
  return message([
    [1, 9],
    [7, graph],
    [8, message([[2, OPSET]])],
  ]);
}
