import {
  type AttentionAttributes,
  bytesPerElement,
  contiguousStrides,
  dropoutScale,
  type Kernel,
  type None,
  type Operand,
  sizeOf,
} from '@tessera/core';
import { forEachLine } from './lines.ts';
import { addressOf, type Runtime, stepOf } from './runtime.ts';

type Names = 'attention' | 'attentionGradient' | 'lstm' | 'lstmGradient' | 'gru' | 'gruGradient';

/** The composites that read sequences; each kernel takes a whole one. */
export const sequenceComposites: readonly Names[] = ['attention', 'attentionGradient', 'lstm', 'lstmGradient', 'gru', 'gruGradient'];

/** Examples that a part of a batch has a multiple of: rows of a product that stay together. */
const EXAMPLES = 4;

/** What attention reads: so many matrices and then a mask where there is one, and key and counter of what is dropped. */
function attentionInputs(
  inputs: readonly Operand[],
  fixed: number,
  { rate }: AttentionAttributes,
): { given: readonly Operand[]; mask: Operand | undefined; key: Operand; counter: Operand } {
  const given = rate > 0 ? inputs.slice(0, -2) : inputs;
  const [key, counter] = inputs.slice(-2);
  return { given, mask: given[fixed], key, counter };
}

export function sequences(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const { kernels } = runtime;
  const clear = (...operands: readonly Operand[]): void => {
    for (const operand of operands) kernels.fill_32(sizeOf(operand.view.shape), 0, 0, addressOf(operand));
  };

  /** An operand of matrices as kernels take it: where the first begins, and its strides from matrix to matrix, row to row, along one. */
  const matrices = ({ view: { strides }, dtype }: Operand, address: number, place: number, step: number): number[] => {
    const size = bytesPerElement(dtype);
    return [address + place * size, step * size, strides.at(-2)! * size, strides.at(-1)! * size];
  };
  /** The same of rows, which have no stride from row to row. */
  const rows = (operand: Operand, address: number, place: number, step: number): number[] => {
    const [at, next, , along] = matrices(
      { ...operand, view: { ...operand.view, strides: [0, ...operand.view.strides] } },
      address,
      place,
      step,
    );
    return [at, next, along];
  };
  /** What a thread needs for itself, and room for key and counter behind that. */
  const attentionScratch = (): { whole: number; words: number } => {
    const own = kernels.attentionScratchBytes();
    const whole = runtime.scratch(own + 16);
    return { whole, words: whole + own };
  };
  /** Rate, factor, and where key and counter lie. */
  const droppingOf = ({ rate }: AttentionAttributes, key: Operand, counter: Operand, { words }: { words: number }): number[] => {
    if (rate === 0) return [0, 0, 0, 0];
    for (const [i, operand] of [key, counter].entries()) {
      kernels.copy_32(1, 2, addressOf(operand), 0, operand.view.strides[0], words + 8 * i, 0, 1);
    }
    return [rate, dropoutScale(rate), words, words + 8];
  };
  /** 1 for one that says what is seen, 2 for one that is added. */
  const maskKind = (mask: Operand | undefined): number => (mask ? (mask.dtype === 'bool' ? 1 : 2) : 0);

  /** How operands step through their leading axes, whose last `rank` axes are matrices or rows. */
  const leading = ({ view: { strides } }: Operand, rank: number): readonly number[] => strides.slice(0, strides.length - rank);

  return {
    attention(inputs, attributes: AttentionAttributes, [y, logs]) {
      const { given, mask, key, counter } = attentionInputs(inputs, 3, attributes);
      const [q, , v] = given;
      const lead = q.view.shape.slice(0, -2);
      const [T, D] = q.view.shape.slice(-2);
      const [S, E] = v.view.shape.slice(-2);
      if (sizeOf(lead) * T === 0) return;
      const scratch = attentionScratch();
      const dropping = droppingOf(attributes, key, counter, scratch);
      const operands = [...given.map((operand) => leading(operand, 2)), leading(y, 2), leading(logs, 1)];
      const [at, out, outLogs] = [given.map(addressOf), addressOf(y), addressOf(logs)];
      forEachLine(lead, operands, (places, heads, steps) => {
        const from = given.flatMap((operand, i) => matrices(operand, at[i], places[i], steps[i]));
        const [toY, toLogs] = [out + places.at(-2)! * 4, outLogs + places.at(-1)! * 4];
        const how = [attributes.scale, Number(attributes.causal), maskKind(mask), ...dropping, places.at(-1)! / T, scratch.whole];
        const parameters = [heads, T, S, D, E, ...from, ...(mask ? [] : [0, 0, 0, 0]), toY, toLogs, ...how];
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
      clear(...outputs);
      const { given, mask, key, counter } = attentionInputs(inputs, 6, attributes);
      const [q, , v] = given;
      const lead = q.view.shape.slice(0, -2);
      const [T, D] = q.view.shape.slice(-2);
      const [S, E] = v.view.shape.slice(-2);
      if (sizeOf(lead) * T === 0) return;
      const scratch = attentionScratch();
      const dropping = droppingOf(attributes, key, counter, scratch);
      const ranks = [2, 2, 2, 1, 2, 1, 2];
      const at = given.map(addressOf);
      const to = outputs.map(addressOf);
      const heads = contiguousStrides(lead);
      const operands = [...given.map((operand, i) => leading(operand, ranks[i])), ...outputs.map((output) => leading(output, 2)), heads];
      forEachLine(lead, operands, (places, count, steps) => {
        const from = given.flatMap((operand, i) => (ranks[i] === 2 ? matrices : rows)(operand, at[i], places[i], steps[i]));
        const out = to.map((address, i) => address + places[given.length + i] * 4);
        const how = [attributes.scale, Number(attributes.causal), maskKind(mask), ...dropping, places.at(-1)!, scratch.whole];
        const parameters = [count, T, S, D, E, ...from, ...(mask ? [] : [0, 0, 0, 0]), ...out, ...how];
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
    lstm([z, w, h0, c0], _: None, outputs) {
      const [N, T] = z.view.shape;
      if (sizeOf(z.view.shape) === 0) return;
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const units = w.view.shape[0];
      const [one, all] = [units * 4, T * units * 4];
      runtime.call('lstm', [N, T, units, ...[z, w, h0, c0, ...outputs].map(addressOf), scratch], {
        units: N,
        grain: EXAMPLES,
        count: [0, 1],
        moves: [
          [3, 4 * all],
          [5, one],
          [6, one],
          [7, all],
          [8, all],
          [9, 4 * all],
        ],
        scratch: [10],
        nanoseconds: (N * T * units * units) / 5,
      });
    },
    lstmGradient([w, c0, c, gates, dh, dc, dgates], _: None, outputs) {
      const [N, T] = gates.view.shape;
      if (sizeOf(gates.view.shape) === 0) return clear(...outputs);
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const given = [dh, dc, dgates].flatMap((operand) => [addressOf(operand), stepOf(operand)]);
      const units = w.view.shape[0];
      const [one, all] = [units * 4, T * units * 4];
      const wide = [all, all, 4 * all].map((bytes, i): [number, number] => [7 + 2 * i, bytes * given[2 * i + 1]]);
      runtime.call('lstmGradient', [N, T, units, ...[w, c0, c, gates].map(addressOf), ...given, ...outputs.map(addressOf), scratch], {
        units: N,
        grain: EXAMPLES,
        count: [0, 1],
        moves: [[4, one], [5, all], [6, 4 * all], ...wide, [13, 4 * all], [14, one], [15, one]],
        scratch: [16],
        nanoseconds: (N * T * units * units) / 5,
      });
    },
    gru([z, w, bias, h0], _: None, outputs) {
      const [N, T] = z.view.shape;
      if (sizeOf(z.view.shape) === 0) return;
      const products = Math.ceil((N * bias.view.shape[0] * 4) / 64) * 64;
      const scratch = runtime.scratch(products + kernels.gemmScratchBytes());
      kernels.gru(N, T, w.view.shape[0], ...[z, w, bias, h0, ...outputs].map(addressOf), scratch, scratch + products);
    },
    gruGradient([w, h0, h, gates, candidates, dh, dgates, dcandidates], _: None, outputs) {
      const [N, T] = gates.view.shape;
      if (sizeOf(gates.view.shape) === 0) return clear(...outputs);
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const given = [dh, dgates, dcandidates].flatMap((operand) => [addressOf(operand), stepOf(operand)]);
      const fixed = [w, h0, h, gates, candidates].map(addressOf);
      kernels.gruGradient(N, T, w.view.shape[0], ...fixed, ...given, ...outputs.map(addressOf), scratch);
    },
  };
}
