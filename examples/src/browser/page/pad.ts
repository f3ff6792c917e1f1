import type { Picture } from '../messages.ts';
import type { Ink } from './network-picture.ts';

/** Of 280 pixels: the width of a stroke, and how far an arrow key moves the pen. */
const [STROKE, MOVE] = [22, 10];
const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-MOVE, 0],
  ArrowRight: [MOVE, 0],
  ArrowUp: [0, -MOVE],
  ArrowDown: [0, MOVE],
};

/** Options of {@link Pad}. */
export interface PadOptions {
  readonly pen: HTMLElement;
  /** Told when the drawing has changed, at most once a frame. */
  readonly onChange: () => void;
  /** Told in words what the keyboard's pen does. */
  readonly onPen: (told: string) => void;
}

/** A canvas to draw on with a pointer or the keyboard. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #options: PadOptions;
  #at: readonly [number, number];
  #down = false;
  #changed = false;
  /** Nothing was drawn since it was cleared. */
  empty = true;
  /** The picture that is shown, as long as nothing is drawn on it. */
  shown: Picture | undefined;

  constructor(canvas: HTMLCanvasElement, options: PadOptions) {
    this.#canvas = canvas;
    this.#options = options;
    this.#context = canvas.getContext('2d', { willReadFrequently: true })!;
    Object.assign(this.#context, {
      strokeStyle: '#fff',
      lineWidth: STROKE,
      lineCap: 'round',
      lineJoin: 'round',
      imageSmoothingEnabled: false,
    });
    this.#at = [canvas.width / 2, canvas.height / 2];
    this.#place(this.#at);

    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.#stroke(this.#pointOf(event), this.#pointOf(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.#stroke(this.#at, this.#pointOf(each));
    });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('blur', () => this.#press(false));
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.empty = true;
    this.shown = undefined;
    this.#change();
  }

  show(picture: Picture): void {
    this.clear();
    this.#context.drawImage(imageOf(picture), 0, 0, this.#canvas.width, this.#canvas.height);
    this.empty = false;
    this.shown = picture;
  }

  ink(): Ink {
    const side = this.#canvas.width;
    const { data } = this.#context.getImageData(0, 0, side, side);
    return { data: Float32Array.from({ length: side * side }, (_, i) => data[4 * i + 3]! / 255), side };
  }

  #pointOf({ clientX, clientY }: MouseEvent): readonly [number, number] {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / width;
    return [(clientX - left) * scale, (clientY - top) * scale];
  }

  #stroke(from: readonly [number, number], to: readonly [number, number]): void {
    this.#context.beginPath();
    this.#context.moveTo(...from);
    this.#context.lineTo(...to);
    this.#context.stroke();
    this.empty = false;
    this.shown = undefined;
    this.#place(to);
    this.#change();
  }

  #key(event: KeyboardEvent): void {
    const move = moves[event.key];
    if (move) {
      const to = this.#at.map((value, axis) => Math.min(this.#canvas.width, Math.max(0, value + move[axis]!))) as [number, number];
      if (this.#down) this.#stroke(this.#at, to);
      else this.#place(to);
    } else if (event.key === ' ') {
      if (event.repeat) return event.preventDefault();
      this.#press(!this.#down);
      if (this.#down) this.#stroke(this.#at, this.#at);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.clear();
      this.#options.onPen('Cleared');
    } else return;
    event.preventDefault();
  }

  #press(down: boolean): void {
    if (down === this.#down) return;
    this.#down = down;
    this.#options.pen.classList.toggle('down', down);
    this.#options.onPen(down ? 'Pen down' : 'Pen up');
  }

  #place(at: readonly [number, number]): void {
    this.#at = at;
    const share = (value: number): string => `${(value / this.#canvas.width) * 100}%`;
    Object.assign(this.#options.pen.style, { left: share(at[0]), top: share(at[1]) });
  }

  #change(): void {
    if (this.#changed) return;
    this.#changed = true;
    requestAnimationFrame(() => {
      this.#changed = false;
      this.#options.onChange();
    });
  }
}

/** A picture as white ink of its strength. */
export function imageOf(picture: Picture): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(28, 28);
  picture.forEach((value, i) => image.data.set([255, 255, 255, Math.round(value * 255)], 4 * i));
  context.putImageData(image, 0, 0);
  return canvas;
}
