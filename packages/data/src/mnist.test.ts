import { expect, it } from 'vitest';
import { dataFolder } from './data-folder.ts';
import { loadFashionMnist, loadMnist } from './mnist.ts';

for (const [load, folder, counts] of [
  [loadMnist, 'mnist-20k', [10_000, 10_000]],
  [loadFashionMnist, 'fashion-mnist', [60_000, 10_000]],
] as const) {
  it.skipIf(!dataFolder(folder))(`${load.name} reads what is under TESSERA_DATA`, async () => {
    const { train, test } = await load();
    expect([train.length, test.length]).toEqual(counts);
    expect(train.columns.x.shape).toEqual([counts[0], 28, 28, 1]);
    expect(new Set(train.columns.y.data).size).toBe(10);
    // A tenth of the test images is of each class, or nearly so.
    expect(Math.abs(test.columns.y.data.filter((label) => label === 3).length - 1000)).toBeLessThan(150);
  });
}
