import { type Composite, UsageError } from '@tessera/core';
import { announce, op, snapshot, type Tensor, within, withoutOps, withoutRecorders } from '@tessera/tensor';

function never(name: string): never {
  throw new UsageError(`[${name}] is announced with its results and never expanded`);
}

/** An op that exists only on tapes: its outputs are known, and its rule is `pullback`. */
export function announceAs(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  pullback: (cotangents: readonly (Tensor | undefined)[]) => readonly (Tensor | undefined)[],
): void {
  const op: Composite<unknown> = {
    name,
    decompose: () => never(name),
    vjp: ((_: unknown, { cotangents }: { cotangents: readonly (Tensor | undefined)[] }) => pullback(cotangents)) as never,
  };
  announce({ op, inputs, attributes: {}, outputs });
}

/** x, with a gradient of zero. */
export const stopGradient: (x: Tensor) => Tensor = /* @__PURE__ */ op('stopGradient', (x) =>
  withoutRecorders(() => x.reshape(x.shape).mul(1)),
);

/**
 * A function with its own gradient: `f` returns `[y, pullback]`, and `pullback(dy)` the gradient of each argument.
 *
 * Gradients reach the arguments alone, not tensors that `f` closes over. The pullback is made of tensor operations,
 * so that it can be differentiated again.
 *
 * @example
 * const roundThrough = customGradient((x) => [round(x), (dy) => [dy]]) // straight-through estimator
 */
export function customGradient<A extends readonly Tensor[]>(
  f: (...inputs: A) => [output: Tensor, pullback: (dy: Tensor) => readonly (Tensor | undefined)[]],
): (...inputs: A) => Tensor {
  return (...inputs) => {
    const { context } = snapshot();
    const [output, pullback] = withoutOps(() => f(...inputs));
    announceAs('customGradient', inputs, [output], ([dy]) => within({ context }, () => pullback(dy!)));
    return output;
  };
}
