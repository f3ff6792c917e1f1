import { ShapeError } from '../errors.ts';
import type { Composite } from '../op.ts';
import type { None } from '../primitives/attributes.ts';
import { expectFloat } from '../primitives/expect.ts';
import { formatShape, sameShape } from '../shape.ts';
import { logSoftmax, softmax } from './softmax.ts';

/** dz = (softmax(z)·Σt − t)·dy: the gradient of {@link softmaxCrossEntropy} in its logits. Inputs: logits, targets, dy. */
export const softmaxCrossEntropyGradient: Composite<None> = {
  name: 'softmaxCrossEntropyGradient',
  repeats: [2],
  decompose(b, [logits, targets, dy]) {
    const axis = logits!.shape.length - 1;
    const p = b.mul(b.apply(softmax, [logits!], { axis }), b.sum(targets!, axis, true));
    return [b.mul(b.sub(p, targets!), b.broadcast(b.reshape(dy!, [...dy!.shape, 1]), logits!.shape))];
  },
};

/**
 * −Σᵢ tᵢ · ln softmax(z)ᵢ over the last axis, straight from logits.
 *
 * Shapes: logits and targets `[..., classes]` → `[...]`.
 */
export const softmaxCrossEntropy: Composite<None> = {
  name: 'softmaxCrossEntropy',
  check(inputs) {
    expectFloat('softmaxCrossEntropy', inputs);
    const [logits, targets] = inputs.map(({ shape }) => shape);
    if (!sameShape(logits!, targets!)) {
      throw new ShapeError(
        `[softmaxCrossEntropy] logits and targets must have one shape: got ${formatShape(logits!)} and ${formatShape(targets!)}`,
      );
    }
  },
  decompose(b, [logits, targets]) {
    const axis = logits!.shape.length - 1;
    const logp = b.apply(logSoftmax, [logits!], { axis });
    // 0 · −∞ is 0 here: a class of no weight adds nothing, however impossible it is.
    const weighed = b.select(b.equal(targets!, 0), 0, b.mul(targets!, logp));
    return [b.neg(b.sum(weighed, axis))];
  },
  vjp(b, { inputs: [logits, targets], cotangents: [dy], wanted }) {
    const dlogits = b.apply(softmaxCrossEntropyGradient, [logits!, targets!, dy!], {});
    if (wanted?.[1] === false) return [dlogits];
    const axis = logits!.shape.length - 1;
    const each = b.broadcast(b.reshape(dy!, [...dy!.shape, 1]), logits!.shape);
    return [dlogits, b.neg(b.mul(b.apply(logSoftmax, [logits!], { axis }), each))];
  },
};

/**
 * −t·ln σ(z) − (1 − t)·ln(1 − σ(z)) = max(z, 0) − z·t + ln(1 + e^−|z|), straight from logits, element by element.
 */
export const sigmoidCrossEntropy: Composite<None> = {
  name: 'sigmoidCrossEntropy',
  check: (inputs) => expectFloat('sigmoidCrossEntropy', inputs),
  decompose: (b, [z, t]) => [b.add(b.sub(b.maximum(z!, 0), b.mul(z!, t!)), b.log1p(b.exp(b.neg(b.abs(z!)))))],
};
