import { grad } from '@tessera/autograd';
import { cpu } from '@tessera/backend-cpu';
import { setDefaultBackend, tensor, type Tensor } from '@tessera/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';
import { negativeLogLikelihood, type NegativeLogLikelihoodOptions } from './negative-log-likelihood.ts';

beforeAll(() => void setDefaultBackend(cpu()));

const labels = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const logp = (): Tensor =>
  tensor([
    [Math.log(0.5), Math.log(0.25), Math.log(0.25)],
    [Math.log(0.1), Math.log(0.2), Math.log(0.7)],
  ]);

const losses: Readonly<Record<string, (options?: NegativeLogLikelihoodOptions) => Loss>> = {
  crossEntropy: (options) => crossEntropy({ fromLogits: true, ...options }),
  negativeLogLikelihood,
};

for (const [name, make] of Object.entries(losses)) {
  describe(`${name} of class indices`, () => {
    for (const wrong of [-1, -3, 3, 255]) {
      it(`is NaN where a label is ${wrong} of 3 classes`, async () => {
        for (const weight of [undefined, tensor([1, 2, 3])]) {
          for (const reduction of ['mean', 'sum'] as const) {
            expect(await make({ weight, reduction })(logp(), labels(0, wrong)).item()).toBeNaN();
          }
          const [right, none] = (await make({ weight, reduction: 'none' })(logp(), labels(0, wrong)).array()) as number[];
          expect(right).toBeCloseTo(-Math.log(0.5), 5);
          expect(none).toBeNaN();
        }
      });
    }

    it('takes any label as ignoreIndex, a class as well', async () => {
      for (const ignoreIndex of [-1, 1, 255]) {
        const loss = make({ ignoreIndex });
        expect(await loss(logp(), labels(ignoreIndex, 2)).item()).toBeCloseTo(-Math.log(0.7), 5);
        expect(await make({ ignoreIndex, reduction: 'none' })(logp(), labels(ignoreIndex, 2)).array()).toEqual([
          0,
          expect.closeTo(-Math.log(0.7), 5),
        ]);
      }
    });

    it('is 0 with a gradient of 0 where every label is ignored', async () => {
      for (const weight of [undefined, tensor([0.1, 2, 3])]) {
        const loss = make({ weight });
        expect(await loss(logp(), labels(-100, -100)).item()).toBe(0);
        const gradient = await grad((z: Tensor) => loss(z, labels(-100, -100)))(logp()).data();
        expect([...gradient].map((x) => Math.abs(Number(x)))).toEqual([0, 0, 0, 0, 0, 0]);
      }
    });
  });
}
