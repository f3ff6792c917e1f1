import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Philox } from '@tessera/core';
import { ArrayDataset, type Column, column } from '@tessera/data';
import { folderOrNotice } from './made-up.ts';

type Ids = Column<Int32Array<ArrayBuffer>>;

/** Who rated what, users and films numbered from 0, and the ratings from 0.5 to 5. */
export type Ratings = ArrayDataset<{ x: { user: Ids; item: Ids }; y: Column<Float32Array<ArrayBuffer>> }>;

/**
 * Ratings of films: those of 610 users of MovieLens (`ml-latest-small` under `TESSERA_DATA`), or made-up ones.
 *
 * @see Harper, Konstan 2015, "The MovieLens Datasets: History and Context".
 */
export function ratings(count: number = Infinity): Ratings {
  const folder = folderOrNotice('ml-latest-small');
  const rows = (folder ? readRatings(join(folder, 'ratings.csv')) : drawRatings(Math.min(count, 20_000))).slice(0, count);
  const ids = (place: 0 | 1): Ids => column(Int32Array.from(rows, (row) => row[place]));
  return new ArrayDataset({ x: { user: ids(0), item: ids(1) }, y: column(Float32Array.from(rows, (row) => row[2])) });
}

type Row = readonly [user: number, item: number, rating: number];

function readRatings(path: string): Row[] {
  const items = new Map<string, number>();
  const numberOf = (item: string): number => {
    if (!items.has(item)) items.set(item, items.size);
    return items.get(item)!;
  };
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [user, item, rating] = line.split(',') as [string, string, string];
    return [Number(user) - 1, numberOf(item), Number(rating)];
  });
}

/** Each user likes one of four kinds of films. */
function drawRatings(count: number): Row[] {
  const random = Philox.fromSeed(1);
  return Array.from({ length: count }, () => {
    const [user, item] = [random.below(200), random.below(400)];
    return [user, item, user % 4 === item % 4 ? 4.5 : 2 + 0.5 * random.below(3)];
  });
}
