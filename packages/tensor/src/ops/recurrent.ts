import * as composites from '@tessera/core/composites';
import { run } from '../door.ts';
import { op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

/**
 * A long short-term memory over whole sequences: with [i, f, g, o] = z[t] + h[t−1]·W,
 * c[t] = σ(f)·c[t−1] + σ(i)·tanh(g) and h[t] = σ(o)·tanh(c[t]).
 *
 * Shapes: z `[N, T, 4U]`, the inputs' part x·Wₓ + b; W `[U, 4U]`; h₀ and c₀ `[N, U]` → h and c of every time `[N, T, U]`.
 *
 * @throws ShapeError if shapes do not fit.
 * @see Hochreiter, Schmidhuber 1997, "Long Short-Term Memory".
 */
export const lstm: (z: Tensor, w: Tensor, h0: Tensor, c0: Tensor) => { h: Tensor; c: Tensor } = op('lstm', (z, w, h0, c0) => {
  const [h, c] = run(composites.lstm, [z, w, h0, c0], {});
  return { h: h!, c: c! };
});

/**
 * A gated recurrent unit over whole sequences, its reset applied after the product: with a = h[t−1]·W + b,
 * u = σ(zᵤ + aᵤ), r = σ(zᵣ + aᵣ), n = tanh(zₙ + r·aₙ) and h[t] = u·h[t−1] + (1 − u)·n.
 *
 * Shapes: z `[N, T, 3U]`, the inputs' part x·Wₓ + bₓ in the order u, r, n; W `[U, 3U]`, b `[3U]`, h₀ `[N, U]` → h of every time `[N, T, U]`.
 *
 * @throws ShapeError if shapes do not fit.
 * @see Cho et al. 2014. https://arxiv.org/abs/1406.1078
 */
export const gru: (z: Tensor, w: Tensor, b: Tensor, h0: Tensor) => Tensor = op(
  'gru',
  (z, w, b, h0) => run(composites.gru, [z, w, b, h0], {})[0]!,
);
