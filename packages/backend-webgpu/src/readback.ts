import { blockBytes } from './memory.ts';

/** Room in a staging buffer for what is copied there to be read. */
export interface Room {
  readonly staging: Staging;
  readonly at: number;
}

/** A buffer that the host can map, with what is read by one batch of commands side by side. */
interface Staging {
  readonly gpu: GPUBuffer;
  used: number;
  /** Those who have not yet taken theirs. */
  readers: number;
  bytes: Promise<Uint8Array> | undefined;
}

const COPY_DST = 8;
const MAP_READ = 1;
/** Numbers such as losses and metrics lie side by side in a buffer of so many bytes. */
const LEAST = 2 ** 14;
/** What is kept at most for the next who read. */
const MOST_KEPT = 8;
const MOST_KEPT_BYTES = 2 ** 26;

/** A ring of staging buffers: what a batch reads is copied into one, side by side; once all is taken it waits for another batch. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #kept: GPUBuffer[] = [];
  /** Those of the batch that is being gathered. */
  #open: Staging[] = [];
  #made = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** How many buffers were made. */
  get made(): number {
    return this.#made;
  }

  /** Room for bytes, a multiple of four of them, to be filled by the batch that is being gathered. */
  reserve(bytes: number): Room {
    let staging = this.#open.find(({ gpu, used }) => used + bytes <= gpu.size);
    if (!staging) this.#open.push((staging = { gpu: this.#take(bytes), used: 0, readers: 0, bytes: undefined }));
    const at = staging.used;
    staging.used += bytes;
    staging.readers++;
    return { staging, at };
  }

  /** Ends a batch, which is submitted now: what comes later goes elsewhere. */
  close(): void {
    this.#open = [];
  }

  /** A copy of bytes of what came into a room, after its batch was submitted. */
  async take({ staging, at }: Room, byteOffset: number, byteLength: number): Promise<Uint8Array> {
    const bytes = (await (staging.bytes ??= map(staging))).slice(at + byteOffset, at + byteOffset + byteLength);
    if (--staging.readers === 0) {
      staging.gpu.unmap();
      this.#keep(staging.gpu);
    }
    return bytes;
  }

  #take(bytes: number): GPUBuffer {
    const size = Math.min(blockBytes(Math.max(LEAST, bytes)), this.#device.limits.maxBufferSize);
    const at = this.#kept.findIndex((buffer) => buffer.size === size);
    if (at >= 0) return this.#kept.splice(at, 1)[0];
    this.#made++;
    return this.#device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  }

  #keep(buffer: GPUBuffer): void {
    this.#kept.push(buffer);
    const bytes = (): number => this.#kept.reduce((sum, { size }) => sum + size, 0);
    while (this.#kept.length > MOST_KEPT || bytes() > MOST_KEPT_BYTES) this.#kept.shift()!.destroy();
  }

  destroy(): void {
    for (const buffer of this.#kept) buffer.destroy();
    this.#kept.length = 0;
  }
}

async function map({ gpu, used }: Staging): Promise<Uint8Array> {
  await gpu.mapAsync(MAP_READ, 0, used);
  return new Uint8Array(gpu.getMappedRange(0, used));
}
