import { grad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { bytesPerElement, isFloat } from '@tessera/core';
import { type OpSample, opDescriptions, type SampleTensor } from '@tessera/testkit';
import { concat, full, logicalOr, sin, type Tensor, tensor, tidy, where } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { everyBackend } from './every-backend.ts';

/** The outputs of a sample whose inputs are made by steps and needed by it alone, so that it may write over them. */
function overTemporaries({ run }: OpSample, inputs: readonly Tensor[], no: Tensor): readonly Tensor[] {
  return [run(...inputs.map((x) => (x.dtype === 'bool' ? logicalOr(x, no) : where(no, x.abs(), x))))].flat() as readonly Tensor[];
}

/** The same as pieces of vectors, after three elements of others. */
function asPieces(sample: OpSample, inputs: readonly Tensor[], no: Tensor): readonly Tensor[] {
  return overTemporaries(sample, inputs, no).map((y) => concat([full([3], 1, { dtype: y.dtype, backend: no.backend }), y.reshape([-1])]));
}

/** The gradients of its float inputs, and what they were made from. */
function inGradients(sample: OpSample, inputs: readonly Tensor[], no: Tensor): readonly Tensor[] {
  const outputs = (given: readonly Tensor[]): Tensor[] => overTemporaries(sample, given, no).filter(({ dtype }) => isFloat(dtype));
  const at = inputs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
  if (sample.order === 0 || at.length === 0 || outputs(inputs).length === 0) return [];
  const loss = (chosen: Tensor[]): Tensor => {
    const given = inputs.map((x, i) => (at.includes(i) ? chosen[at.indexOf(i)]! : x));
    return outputs(given)
      .map((y) => sin(y.mul(y)).sum())
      .reduce((a, b) => a.add(b));
  };
  return grad(loss)(at.map((i) => inputs[i]!));
}

const bytesOf = async (x: Tensor): Promise<Uint8Array> => {
  const data = (await x.data()) as Uint8Array;
  return new Uint8Array(data.buffer, data.byteOffset, x.size * bytesPerElement(x.dtype));
};

for (const [name, backend] of await everyBackend()) {
  describe(`plans on ${name}`, () => {
    const place = ({ shape, dtype, data }: SampleTensor): Tensor => tensor(Float64Array.from(data), { shape, dtype, backend });
    const no = tensor([false], { shape: [], backend });
    for (const { name: op, samples } of opDescriptions) {
      it.each([
        ['over its inputs', overTemporaries],
        ['into a larger buffer', asPieces],
        ['in its gradients', inGradients],
      ])(`${op} writes %s what it gives eagerly`, async (_, perform) => {
        for (const sample of samples) {
          const inputs = sample.inputs.map(place);
          const eager = perform(sample, inputs, no);
          const step = capture((given: Tensor[], never: Tensor) => tidy(() => perform(sample, given, never)));
          const captured = step(inputs, no);
          for (const [i, expected] of eager.entries()) expect(await bytesOf(captured[i]!)).toEqual(await bytesOf(expected));
          step.dispose();
        }
      });
    }
  });
}
