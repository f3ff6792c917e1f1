import {
  type AttentionAttributes,
  bytesPerElement,
  contiguousStrides,
  dropoutScale,
  type Kernel,
  type Operand,
  sizeOf,
} from '@tessera/core';
import { forEachLine } from './lines.ts';
import { addressOf, clear, type Runtime } from './runtime.ts';

type Names = 'attention' | 'attentionGradient';

/** An operand of matrices as kernels take it: where the first begins, and its strides from matrix to matrix, row to row, along one. */
function matrices({ view: { strides }, dtype }: Operand, address: number, place: number, step: number): number[] {
  const size = bytesPerElement(dtype);
  return [address + place * size, step * size, strides.at(-2)! * size, strides.at(-1)! * size];
}

/** The same of rows, which have no stride from row to row. */
function rows({ view: { strides }, dtype }: Operand, address: number, place: number, step: number): number[] {
  const size = bytesPerElement(dtype);
  return [address + place * size, step * size, strides.at(-1)! * size];
}

/** How operands step through their leading axes, whose last `rank` axes are matrices or rows. */
function leading({ view: { strides } }: Operand, rank: number): readonly number[] {
  return strides.slice(0, strides.length - rank);
}

/** Attention and its gradient, without the matrix of all weights. */
export function attention(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const { kernels } = runtime;

  /**
   * What both read: so many operands, a mask where there is one, the sizes, and how weights are made (scale, whether causal, the kind of
   * mask, rate and factor of dropping, and where key and counter lie). None where there is nothing to do.
   */
  const prepare = (inputs: readonly Operand[], fixed: number, { scale, causal, rate }: AttentionAttributes) => {
    const given = rate > 0 ? inputs.slice(0, -2) : inputs;
    const [q, , v] = given;
    const lead = q.view.shape.slice(0, -2);
    const [T, D] = q.view.shape.slice(-2);
    const [S, E] = v.view.shape.slice(-2);
    if (sizeOf(lead) * T === 0) return undefined;
    // What a thread needs for itself, and room for key and counter behind that.
    const own = kernels.attentionScratchBytes();
    const scratch = runtime.scratch(own + 16);
    const [key, counter] = [scratch + own, scratch + own + 8];
    if (rate > 0) {
      inputs
        .slice(-2)
        .forEach((operand, i) => kernels.copy_32(1, 2, addressOf(operand), 0, operand.view.strides[0], [key, counter][i], 0, 1));
    }
    const mask = given[fixed];
    // 1 for a mask that says what is seen, 2 for one that is added.
    const kind = mask ? (mask.dtype === 'bool' ? 1 : 2) : 0;
    const how = [scale, Number(causal), kind, ...(rate > 0 ? [rate, dropoutScale(rate), key, counter] : [0, 0, 0, 0])];
    return { given, noMask: mask ? [] : [0, 0, 0, 0], lead, T, S, D, E, how, scratch };
  };

  return {
    attention(inputs, attributes: AttentionAttributes, [y, logs]) {
      const prepared = prepare(inputs, 3, attributes);
      if (!prepared) return;
      const { given, noMask, lead, T, S, D, E, how, scratch } = prepared;
      const operands = [...given.map((operand) => leading(operand, 2)), leading(y, 2), leading(logs, 1)];
      const [at, out, outLogs] = [given.map(addressOf), addressOf(y), addressOf(logs)];
      forEachLine(lead, operands, (places, heads, steps) => {
        const from = given.flatMap((operand, i) => matrices(operand, at[i], places[i], steps[i]));
        const [toY, toLogs] = [out + places.at(-2)! * 4, outLogs + places.at(-1)! * 4];
        const parameters = [heads, T, S, D, E, ...from, ...noMask, toY, toLogs, ...how, places.at(-1)! / T, scratch];
        runtime.call('attention', parameters, {
          units: heads,
          count: [0, 1],
          moves: [
            ...[5, 9, 13, 17].map((place): [number, number] => [place, parameters[place + 1]]),
            [21, T * E * 4],
            [22, T * 4],
            [30, 1],
          ],
          scratch: [31],
          nanoseconds: (heads * T * S * (D + E)) / 15,
        });
      });
    },
    attentionGradient(inputs, attributes: AttentionAttributes, outputs) {
      clear(runtime, ...outputs);
      const prepared = prepare(inputs, 6, attributes);
      if (!prepared) return;
      const { given, noMask, lead, T, S, D, E, how, scratch } = prepared;
      const ranks = [2, 2, 2, 1, 2, 1, 2];
      const at = given.map(addressOf);
      const to = outputs.map(addressOf);
      const heads = contiguousStrides(lead);
      const operands = [...given.map((operand, i) => leading(operand, ranks[i])), ...outputs.map((output) => leading(output, 2)), heads];
      forEachLine(lead, operands, (places, count, steps) => {
        const from = given.flatMap((operand, i) => (ranks[i] === 2 ? matrices : rows)(operand, at[i], places[i], steps[i]));
        const out = to.map((address, i) => address + places[given.length + i] * 4);
        const parameters = [count, T, S, D, E, ...from, ...noMask, ...out, ...how, places.at(-1)!, scratch];
        runtime.call('attentionGradient', parameters, {
          units: count,
          count: [0, 1],
          moves: [
            ...[5, 9, 13, 17, 20, 24, 27].map((place): [number, number] => [place, parameters[place + 1]]),
            [31, T * D * 4],
            [32, S * D * 4],
            [33, S * E * 4],
            [41, 1],
          ],
          scratch: [42],
          nanoseconds: (count * T * S * (D + E)) / 6,
        });
      });
    },
  };
}
