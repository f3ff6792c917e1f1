import { type AttentionAttributes, type Kernel, type LayerNormalizationAttributes, type None, type Operand, sizeOf } from '@tessera/core';
import { forEachLine } from './lines.ts';
import { addressOf, type Runtime } from './runtime.ts';

type Names =
  | 'layerNormalization'
  | 'layerNormalizationGradient'
  | 'attention'
  | 'attentionGradient'
  | 'lstm'
  | 'lstmGradient'
  | 'gru'
  | 'gruGradient';

/** The composites that read sequences; each kernel takes a whole one. */
export const sequenceComposites: readonly Names[] = [
  'layerNormalization',
  'layerNormalizationGradient',
  'attention',
  'attentionGradient',
  'lstm',
  'lstmGradient',
  'gru',
  'gruGradient',
];

/** 1 where the elements lie one after another, 0 where one is repeated. */
const stepOf = ({ view: { strides, shape } }: Operand): number => (strides.some((stride) => stride !== 0) || sizeOf(shape) <= 1 ? 1 : 0);

export function sequences(runtime: Runtime): Readonly<Record<Names, Kernel<never>>> {
  const { kernels } = runtime;
  const clear = (...operands: readonly Operand[]): void => {
    for (const operand of operands) kernels.fill_32(sizeOf(operand.view.shape), 0, 0, addressOf(operand));
  };

  /** Goes over the matrices of operands whose leading axes are alike: `visit` gets where each begins, in elements from its first. */
  const forEachMatrix = (operands: readonly Operand[], ranks: readonly number[], visit: (places: readonly number[]) => void): void => {
    const lead = operands[0].view.shape.slice(0, -ranks[0]);
    const strides = operands.map(({ view }, i) => [...view.strides.slice(0, view.strides.length - ranks[i]), 0]);
    forEachLine([...lead, 1], strides, (places, length, steps) => {
      for (let i = 0; i < length; i++) visit(places.map((place, k) => place + i * steps[k]));
    });
  };
  /** The last two strides in bytes. */
  const inner = ({ view }: Operand, bytes = 4): [row: number, column: number] => {
    const [row, column] = view.strides.slice(-2);
    return [row * bytes, column * bytes];
  };
  const lengths = (q: Operand, k: Operand, v: Operand): [T: number, S: number, D: number, E: number] => [
    q.view.shape.at(-2)!,
    k.view.shape.at(-2)!,
    q.view.shape.at(-1)!,
    v.view.shape.at(-1)!,
  ];

  return {
    layerNormalization([x, gamma, beta], { epsilon, centered }: LayerNormalizationAttributes, [y]) {
      const n = x.view.shape.at(-1)!;
      if (n === 0) return;
      kernels.layerNormalization(
        sizeOf(x.view.shape) / n,
        n,
        ...([x, gamma, beta, y].map(addressOf) as [number, number, number, number]),
        epsilon,
        Number(centered),
      );
    },
    layerNormalizationGradient([x, gamma, dy], { epsilon, centered }: LayerNormalizationAttributes, outputs) {
      clear(outputs[1], outputs[2]);
      const n = x.view.shape.at(-1)!;
      if (n === 0) return;
      const addresses = [x, gamma, dy, ...outputs].map(addressOf);
      kernels.layerNormalizationGradient(sizeOf(x.view.shape) / n, n, ...addresses, epsilon, Number(centered));
    },
    attention([q, k, v, mask], { scale, causal }: AttentionAttributes, [y, logs]) {
      if (sizeOf(q.view.shape.slice(0, -1)) === 0) return;
      const scratch = runtime.scratch(kernels.attentionScratchBytes());
      const [Q, K, V, Y, L] = [q, k, v, y, logs].map(addressOf);
      const seen = mask ? addressOf(mask) : 0;
      const operands = [q, k, v, y, logs, ...(mask ? [mask] : [])];
      forEachMatrix(operands, [2, 2, 2, 2, 1, 2], ([pq, pk, pv, py, pl, pm = 0]) => {
        kernels.attention(
          ...lengths(q, k, v),
          Q + pq * 4,
          ...inner(q),
          K + pk * 4,
          ...inner(k),
          V + pv * 4,
          ...inner(v),
          mask ? seen + pm : 0,
          ...(mask ? inner(mask, 1) : [0, 0]),
          Y + py * 4,
          L + pl * 4,
          scale,
          Number(causal),
          scratch,
        );
      });
    },
    attentionGradient([q, k, v, logs, dy, delta, mask], { scale, causal }: AttentionAttributes, outputs) {
      clear(...outputs);
      if (sizeOf(q.view.shape.slice(0, -1)) === 0) return;
      const scratch = runtime.scratch(kernels.attentionScratchBytes());
      const [Q, K, V, L, DY, D] = [q, k, v, logs, dy, delta].map(addressOf);
      const [DQ, DK, DV] = outputs.map(addressOf);
      const seen = mask ? addressOf(mask) : 0;
      const operands = [q, k, v, logs, dy, delta, ...outputs, ...(mask ? [mask] : [])];
      forEachMatrix(operands, [2, 2, 2, 1, 2, 1, 2, 2, 2, 2], ([pq, pk, pv, pl, py, pd, dq, dk, dv, pm = 0]) => {
        kernels.attentionGradient(
          ...lengths(q, k, v),
          Q + pq * 4,
          ...inner(q),
          K + pk * 4,
          ...inner(k),
          V + pv * 4,
          ...inner(v),
          L + pl * 4,
          logs.view.strides.at(-1)! * 4,
          DY + py * 4,
          ...inner(dy),
          D + pd * 4,
          delta.view.strides.at(-1)! * 4,
          mask ? seen + pm : 0,
          ...(mask ? inner(mask, 1) : [0, 0]),
          DQ + dq * 4,
          DK + dk * 4,
          DV + dv * 4,
          scale,
          Number(causal),
          scratch,
        );
      });
    },
    lstm([z, w, h0, c0], _: None, outputs) {
      const [N, T] = z.view.shape;
      if (sizeOf(z.view.shape) === 0) return;
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      kernels.lstm(N, T, w.view.shape[0], ...[z, w, h0, c0, ...outputs].map(addressOf), scratch);
    },
    lstmGradient([w, c0, c, gates, dh, dc, dgates], _: None, outputs) {
      const [N, T] = gates.view.shape;
      if (sizeOf(gates.view.shape) === 0) return clear(...outputs);
      const scratch = runtime.scratch(kernels.gemmScratchBytes());
      const given = [dh, dc, dgates].flatMap((operand) => [addressOf(operand), stepOf(operand)]);
      kernels.lstmGradient(N, T, w.view.shape[0], ...[w, c0, c, gates].map(addressOf), ...given, ...outputs.map(addressOf), scratch);
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
