import { type WebGpuBackend, webgpu } from '@tessera/backend-webgpu';
import { capture } from '@tessera/capture';
import type { DType } from '@tessera/core';
import { logicalNot, ones, Random, setDefaultBackend, tensor, type Tensor, tidy, Variable, where } from '@tessera/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!process.env['TESSERA_WEBGPU'])('state that is replaced where it lies on WebGPU', () => {
  let backend: WebGpuBackend;
  beforeAll(async () => {
    backend = await webgpu();
    setDefaultBackend(backend);
  });
  afterAll(() => backend.dispose());

  /** A step on variables: each is assigned what it makes of all of them. */
  type Step = (values: readonly Tensor[], x: Tensor) => readonly Tensor[];
  const steps: Readonly<Record<string, [step: Step, dtypes: readonly DType[]]>> = {
    'of float32': [([w], x) => [w!.mul(0.5).add(x)], ['float32']],
    'of float16': [([w], x) => [w!.add(x.astype('float16'))], ['float16']],
    'of int32': [([w]) => [w!.mul(3).add(1)], ['int32']],
    'of bool': [([w]) => [logicalNot(w!)], ['bool']],
    'chosen by a mask that is state itself': [([w, m], x) => [where(m!, w!, x), logicalNot(m!)], ['float32', 'bool']],
    'of more buffers than a shader may have': [
      (all, x) => all.map((w, i) => w.add(all[(i + 1) % all.length]!.mul(0.25)).add(x)),
      Array<DType>(9).fill('float32'),
    ],
  };
  for (const [name, [step, dtypes]] of Object.entries(steps)) {
    for (const size of [1, 7, 4099, 32_768]) {
      it(`${name}, ${size} numbers: the same as eagerly`, async () => {
        const x = new Random(3).normal([size]);
        const made = (): Variable[] =>
          dtypes.map(
            (dtype, i) =>
              new Variable(
                new Random(i)
                  .normal([size])
                  .mul(4)
                  .astype(dtype === 'bool' ? 'int32' : dtype)
                  .astype(dtype),
              ),
          );
        const updateOf =
          (variables: readonly Variable[]) =>
          (input: Tensor): void => {
            const results = step(
              variables.map((variable) => variable.read()),
              input,
            );
            variables.forEach((variable, i) => variable.assign(results[i]!));
          };
        const [eager, captured] = [made(), made()];
        const [eagerly, replayed] = [updateOf(eager), capture(updateOf(captured))];
        for (let i = 0; i < 3; i++) {
          tidy(() => eagerly(x));
          replayed(x);
        }
        const { inputs, outputs } = replayed.plans[0]!;
        expect(outputs.some(({ buffer }) => inputs.some((input) => input.buffer === buffer))).toBe(true);
        for (const [i, variable] of captured.entries()) expect(await variable.read().data()).toEqual(await eager[i]!.read().data());
      });
    }
  }

  it('of one number that was only remembered, and is read as it is after each step', async () => {
    const count = new Variable(ones([]));
    const step = capture(() => count.assign(count.read().add(1)));
    for (let expected = 2; expected < 5; expected++) {
      step();
      expect(await count.read().add(0).item()).toBe(expected);
    }
  });

  it('while an earlier value is still being read', async () => {
    const w = new Variable(tensor([1, 2, 3, 4]));
    const step = capture(() => w.assign(w.read().mul(2)));
    step();
    const value = w.read();
    const read = value.data();
    value.dispose();
    step();
    expect([...(await read)]).toEqual([2, 4, 6, 8]);
    expect(await w.read().array()).toEqual([4, 8, 12, 16]);
  });
});
