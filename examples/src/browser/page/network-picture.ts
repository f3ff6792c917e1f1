import type { Picture } from '../messages.ts';

/** Ink of a square drawing, row by row, from 0 to 1. */
export interface Ink {
  readonly data: Float32Array;
  readonly side: number;
}

/** Pixels of a side of the network's pictures, and of the box that MNIST's digits were fitted into. */
const [SIDE, BOX] = [28, 20];
/** Points on each axis of a pixel at which the drawing is looked up. */
const SAMPLES = 5;

/** The drawing as it is, made smaller. */
export function shrunk(ink: Ink): Picture {
  return resample(ink, { x: ink.side / 2, y: ink.side / 2, step: ink.side / SIDE });
}

/**
 * The drawing as MNIST's digits were made: fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28.
 * Small drawings are enlarged at most three times as much as those that fill the pad, or dots would become blots.
 *
 * @see LeCun, Cortes, Burges 1998, "The MNIST database of handwritten digits".
 */
export function centred({ data, side }: Ink): Picture {
  let [left, right, top, bottom, sum, x, y] = [side, -1, side, -1, 0, 0, 0];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = data[row * side + column]!;
      if (value === 0) continue;
      [left, right, top, bottom] = [Math.min(left, column), Math.max(right, column), Math.min(top, row), Math.max(bottom, row)];
      sum += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
    }
  }
  if (sum === 0) return new Float32Array(SIDE * SIDE);
  const extent = Math.max(right - left + 1, bottom - top + 1, side / 3);
  return resample({ data, side }, { x: x / sum, y: y / sum, step: extent / BOX });
}

/** Means over squares of `step` around a centre, which becomes the picture's. */
function resample({ data, side }: Ink, { x, y, step }: { x: number; y: number; step: number }): Picture {
  const picture = new Float32Array(SIDE * SIDE);
  const at = (centre: number, sample: number): number => Math.floor(centre + ((sample + 0.5) / SAMPLES - SIDE / 2) * step);
  const inside = (place: number): boolean => place >= 0 && place < side;
  for (let v = 0; v < SIDE * SAMPLES; v++) {
    const row = at(y, v);
    if (!inside(row)) continue;
    for (let u = 0; u < SIDE * SAMPLES; u++) {
      const column = at(x, u);
      if (inside(column)) picture[Math.floor(v / SAMPLES) * SIDE + Math.floor(u / SAMPLES)]! += data[row * side + column]!;
    }
  }
  return picture.map((total) => total / SAMPLES ** 2);
}
