import { describe, expect, it } from 'vitest';
import type { Picture } from '../messages.ts';
import { centred, type Ink, shrunk } from './network-picture.ts';

/** A filled rectangle on a drawing of 280 × 280. */
function rectangle(left: number, top: number, width: number, height: number): Ink {
  const data = new Float32Array(280 * 280);
  for (let row = top; row < top + height; row++) data.fill(1, row * 280 + left, row * 280 + left + width);
  return { data, side: 280 };
}
const sum = (picture: Picture): number => picture.reduce((a, b) => a + b, 0);
/** Rows and columns that have any ink. */
function extent(picture: Picture): { rows: number[]; columns: number[] } {
  const lit = [...picture.keys()].filter((i) => picture[i]! > 0.01);
  const unique = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  return { rows: unique(lit.map((i) => Math.floor(i / 28))), columns: unique(lit.map((i) => i % 28)) };
}
const span = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('shrunk', () => {
  it('keeps the place and the amount of ink', () => {
    const picture = shrunk(rectangle(20, 40, 50, 100));
    expect(extent(picture)).toEqual({ columns: span(2, 7), rows: span(4, 14) });
    expect(sum(picture)).toBeCloseTo(50, 4);
  });
});

describe('centred', () => {
  it('fits a drawing into 20 × 20 in the middle, wherever it was', () => {
    for (const [left, top] of [
      [0, 0],
      [130, 60],
      [150, 80],
    ] as const) {
      const { columns, rows } = extent(centred(rectangle(left, top, 100, 200)));
      expect(rows).toEqual(span(4, 24));
      expect(columns).toEqual(span(9, 19));
    }
  });
  it('puts the centre of mass, not of the box, in the middle', () => {
    const [bar, foot] = [rectangle(40, 40, 20, 200), rectangle(40, 200, 160, 40)];
    const picture = centred({ data: bar.data.map((value, i) => Math.max(value, foot.data[i]!)), side: 280 });
    const moment = (of: (i: number) => number): number =>
      picture.reduce((total, value, i) => total + value * (of(i) + 0.5), 0) / sum(picture);
    expect(moment((i) => i % 28)).toBeCloseTo(14, 0);
    expect(moment((i) => Math.floor(i / 28))).toBeCloseTo(14, 0);
  });
  it('does not blow a dot up', () => {
    expect(sum(centred(rectangle(100, 100, 14, 14)))).toBeCloseTo(9, 0);
  });
  it('leaves an empty pad empty', () => {
    expect(sum(centred({ data: new Float32Array(280 * 280), side: 280 }))).toBe(0);
  });
});
