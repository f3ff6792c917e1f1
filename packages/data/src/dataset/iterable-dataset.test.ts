import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Column, column } from '../column/column.ts';
import { ragged } from '../column/ragged.ts';
import { DataLoader, type EpochOptions } from '../loader/data-loader.ts';
import { IterableDataset, type IterableDatasetOptions, type StreamOptions } from './iterable-dataset.ts';

type Floats = Column<Float32Array<ArrayBuffer>>;

/** A stream of batches 0, 1, 2 …, and what became of it. */
function counted(
  count: number,
  options?: IterableDatasetOptions,
): { stream: IterableDataset<{ readonly x: Floats }>; drawn: number[]; closed: () => number; given: StreamOptions[] } {
  const [drawn, given]: [number[], StreamOptions[]] = [[], []];
  let closed = 0;
  const stream = new IterableDataset(async function* (options) {
    given.push(options);
    try {
      for (let i = 0; i < count; i++) {
        drawn.push(i);
        yield { x: { data: Float32Array.of(i, i), shape: [2] } };
      }
    } finally {
      closed++;
    }
  }, options);
  return { stream, drawn, closed: () => closed, given };
}

async function read(stream: IterableDataset<{ readonly x: Floats }>, options?: EpochOptions, n = 0): Promise<number[]> {
  const seen: number[] = [];
  for await (const { size, columns } of new DataLoader(stream).epoch(n, options)) {
    expect(size).toBe(2);
    seen.push(columns.x.data[0]!);
  }
  return seen;
}

describe('IterableDataset', () => {
  it('gives the batches of a generator until it ends', async () => {
    const { stream, closed, given } = counted(3);
    expectTypeOf(stream).toEqualTypeOf<IterableDataset<{ readonly x: Floats }>>();
    expect(new DataLoader(stream).batches).toBeUndefined();
    expect(await read(stream)).toEqual([0, 1, 2]);
    expect(await read(stream, {}, 4)).toEqual([0, 1, 2]);
    expect([closed(), ...given.map(({ epoch }) => epoch)]).toEqual([2, 0, 4]);
    const [a, b] = given.map(({ random }) => random.generator().uint32());
    expect(a).not.toBe(b);
  });

  it('takes plain iterables, and pads', async () => {
    const stream = new IterableDataset(() => [{ text: ragged([[1], [2, 3]]) }, { text: ragged([[4]]) }]);
    const shapes = [];
    for await (const { columns } of new DataLoader(stream, { buckets: [2, 4] }).epoch(0)) shapes.push(columns.text.shape);
    expect(shapes).toEqual([
      [2, 2],
      [1, 2],
    ]);
  });

  it('an epoch has as many batches as steps say, of a stream that never ends', async () => {
    const { stream, drawn, closed } = counted(Infinity, { steps: 4 });
    expect(new DataLoader(stream).batches).toBe(4);
    expect(await read(stream)).toEqual([0, 1, 2, 3]);
    expect([drawn.length, closed()]).toEqual([4, 1]);
  });

  it('draws and drops what is skipped', async () => {
    const { stream, drawn } = counted(Infinity, { steps: 4 });
    expect(await read(stream, { skip: 3 })).toEqual([3]);
    expect(drawn).toEqual([0, 1, 2, 3]);
    expect(await read(stream, { skip: 4 })).toEqual([]);
    expect(await read(counted(2).stream, { skip: 2 })).toEqual([]);
  });

  it('refuses a stream that ends early, at the batch that is missing', async () => {
    const { stream, closed } = counted(2, { steps: 5 });
    const batches = new DataLoader(stream).epoch(0);
    expect((await batches.next()).value!.columns.x.data[0]).toBe(0);
    expect((await batches.next()).value!.columns.x.data[0]).toBe(1);
    await expect(batches.next()).rejects.toThrow('[IterableDataset] an epoch must have 5 batches, its steps: got 2, then the stream ended');
    expect(closed()).toBe(1);
  });

  it('refuses an iterator that is used up', async () => {
    const once = [{ x: column([1, 2]) }].values();
    const stream = new IterableDataset(() => once);
    expect(await read(stream)).toEqual([1]);
    await expect(read(stream, {}, 1)).rejects.toThrow(/must have batches: got none\. Every epoch needs an iterator of its own/);
  });

  it('refuses batches that are no columns, by path', async () => {
    const broken = new IterableDataset(() => [{ x: { a: column([1]), b: [1] as never } }]);
    await expect(new DataLoader(broken).epoch(0).next()).rejects.toThrow(/\[IterableDataset\] column x\.b must be .* got a plain array/);
    const uneven = new IterableDataset(() => [{ x: { a: column([1]), b: column([1, 2]) } }]);
    await expect(new DataLoader(uneven).epoch(0).next()).rejects.toThrow(/as many examples: got x\.a 1, x\.b 2/);
    expect(() => new IterableDataset(() => [], { steps: 0 })).toThrow(/steps must be a whole number ≥ 1: got 0/);
  });

  it('is closed when the epoch ends early, when a batch is refused, and on an abort', async () => {
    const left = counted(9);
    for await (const _ of new DataLoader(left.stream).epoch(0)) break;
    expect(left.closed()).toBe(1);

    const refused = counted(9);
    const loader = new DataLoader(new IterableDataset(() => refused.stream.batches({ epoch: 0, random: undefined as never }) as never));
    await expect(loader.epoch(0).next()).rejects.toThrow(/must be/);
    expect(refused.closed()).toBe(1);

    const aborted = counted(9);
    const controller = new AbortController();
    const batches = new DataLoader(aborted.stream).epoch(0, { signal: controller.signal });
    await batches.next();
    controller.abort(new Error('enough'));
    await expect(batches.next()).rejects.toThrow('enough');
    await new Promise((resolve) => setTimeout(resolve));
    expect(aborted.closed()).toBe(1);
    expect(aborted.given[0]!.signal).toBe(controller.signal);
  });

  it('does not hold up an abort when it hangs', async () => {
    // oxlint-disable-next-line require-yield -- it never comes to it
    const hung = new IterableDataset(async function* (): AsyncGenerator<{ x: Floats }> {
      await new Promise(() => {});
    });
    const controller = new AbortController();
    const first = new DataLoader(hung).epoch(0, { signal: controller.signal }).next();
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
  });

  it('makes its own batches', () => {
    const { stream } = counted(1);
    for (const options of [{ batchSize: 32 }, { shuffle: true }, { dropLast: true }]) {
      expect(() => new DataLoader(stream, options)).toThrow(/makes its own batches, in its own order: got \w+ (32|true)\. Leave it out/);
    }
    expect(() => new DataLoader(stream, { shuffle: false, prefetch: 2 })).not.toThrow();
  });
});
