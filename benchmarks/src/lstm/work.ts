import { type Filled, filler, indices } from '../filled.ts';

/** The training step of a classifier of token sequences: embedding, LSTM, two logits from its last state. */
export interface Lstm {
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  /** Embeddings, the LSTM's kernel, recurrent kernel and bias, and the last kernel and bias. */
  readonly parameters: readonly Filled[];
}

export const batch = 32;
export const time = 64;
export const vocabulary = 5000;
export const units = 64;
export const classes = 2;
const features = 64;

export function makeLstm(): Lstm {
  const fill = filler();
  return {
    tokens: indices(batch * time, vocabulary),
    labels: indices(batch, classes),
    parameters: [
      fill([vocabulary, features], 0.5),
      fill([features, 4 * units], 0.15),
      fill([units, 4 * units], 0.15),
      fill([4 * units], 0.1),
      fill([units, classes], 0.2),
      fill([classes], 0),
    ],
  };
}
