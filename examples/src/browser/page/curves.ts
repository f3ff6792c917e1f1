import uPlot from 'uplot';
import type { Point } from '../messages.ts';

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
/** Milliseconds between two redraws. */
const redrawEvery = (): number => (reducedMotion.matches ? 1000 : 200);
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

/** How far the axis of epochs goes: to twice as far whenever it is full, and no further than to the last epoch. */
function reach(epoch: number, epochs: number): number {
  return Math.min(epochs, 0.5 * 2 ** Math.max(0, Math.ceil(Math.log2(epoch / 0.5))));
}

/** Options of {@link Curves}. */
export interface CurvesOptions {
  readonly quantity: 'loss' | 'accuracy';
  /** The quantity's bounds where they are known. */
  readonly range?: readonly [number, number];
  readonly format: (value: number) => string;
}

/** The curves of one quantity over epochs: while training, and on held-out pictures. */
export class Curves {
  readonly #parent: HTMLElement;
  readonly #options: CurvesOptions;
  readonly #plot: uPlot;
  #epochs = 1;
  #learned: Point[] = [];
  #measured: Point[] = [];
  #pending = false;

  constructor(parent: HTMLElement, options: CurvesOptions) {
    this.#parent = parent;
    this.#options = options;
    const { range, format } = options;
    const axis: uPlot.Axis = {
      stroke: () => colour('muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: () => colour('line'), width: 1 },
      ticks: { show: false },
    };
    const value = (_: uPlot, at: number | null): string => (at === null ? '–' : format(at));
    this.#plot = new uPlot(
      {
        width: parent.clientWidth,
        height: 260,
        scales: {
          x: { time: false, range: (_, __, most) => [0, reach(most ?? 0, this.#epochs)] },
          y: range ? { range: () => [...range] } : { range: (_, __, most) => [0, Math.max(1, most ?? 1) * 1.05] },
        },
        axes: [
          { ...axis, label: 'epoch', labelFont: '12px system-ui, sans-serif', labelSize: 20, size: 28 },
          { ...axis, size: 44, values: (_, at) => at.map(format) },
        ],
        series: [
          { label: 'epoch', value: (_, at) => (at === null ? '–' : at.toFixed(2)) },
          { label: 'training', stroke: () => colour('lapis'), width: 2, points: { show: false }, spanGaps: true, value },
          {
            label: 'held out',
            stroke: () => colour('terracotta'),
            width: 2,
            dash: [6, 4],
            spanGaps: true,
            value,
            points: { show: true, size: 7, fill: () => colour('terracotta') },
          },
        ],
        legend: { live: true },
        cursor: { drag: { x: false, y: false } },
      },
      [[], [], []],
      parent,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: parent.clientWidth, height: 260 })).observe(parent);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw(true));
  }

  /** Begins anew, for a number of epochs. */
  clear(epochs: number): void {
    this.#epochs = epochs;
    [this.#learned, this.#measured] = [[], []];
    this.#redraw();
  }

  learned(point: Point): void {
    this.#learned.push(point);
    this.#soon();
  }

  measured(point: Point): void {
    this.#measured.push(point);
    this.#soon();
  }

  /** Takes back what came after an epoch. */
  backTo(epoch: number): void {
    this.#learned = this.#learned.filter((point) => point.epoch <= epoch);
    this.#measured = this.#measured.filter((point) => point.epoch <= epoch);
    this.#soon();
  }

  #soon(): void {
    if (this.#pending) return;
    this.#pending = true;
    setTimeout(() => {
      this.#pending = false;
      this.#redraw();
    }, redrawEvery());
  }

  #redraw(): void {
    const { quantity, format } = this.#options;
    const table = (points: readonly Point[]): uPlot.AlignedData => [
      points.map(({ epoch }) => epoch),
      points.map((point) => point[quantity]),
    ];
    this.#plot.setData(uPlot.join([table(this.#learned), table(this.#measured)]));
    const last = (points: readonly Point[]): string => (points.length ? format(points.at(-1)![quantity]) : 'nothing yet');
    const name = quantity === 'loss' ? 'Loss' : 'Accuracy';
    this.#parent.ariaLabel = `${name} by epoch: training ${last(this.#learned)}, held out ${last(this.#measured)}`;
  }
}
