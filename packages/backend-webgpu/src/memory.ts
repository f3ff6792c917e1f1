import { type Buffer, type DType, OutOfMemoryError } from '@tessera/core';

/** Memory of the device, and how many batches of commands had been begun when it was last used. */
export interface Block {
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  readonly id: number;
  batch: number;
}

/** A buffer of this backend. It has a block from its first use on: a tensor of one number may never need one. */
export class GpuBuffer implements Buffer {
  readonly byteLength: number;
  block: Block | undefined;
  /** What all elements are, as long as nothing else is written. */
  constant: { readonly value: number; readonly dtype: DType } | undefined;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
  }
}

const STORAGE = 0x80;
const COPY_SRC = 4;
const COPY_DST = 8;
/** The least that a binding may take on every device. */
const LEAST = 16;

/** The size of the block for so many bytes: at most an eighth is lost, so that blocks are used again. */
export function blockBytes(byteLength: number): number {
  if (byteLength <= LEAST) return LEAST;
  const step = Math.max(LEAST, 2 ** (Math.floor(Math.log2(byteLength)) - 3));
  return Math.ceil(byteLength / step) * step;
}

/** Blocks of a device: those that are given back wait for the next who asks for as much, up to a limit. */
export class Pool {
  readonly #device: GPUDevice;
  readonly #poolBytes: number;
  readonly #maximumBytes: number;
  readonly #most: number;
  readonly #free = new Map<number, Block[]>();
  readonly #doomed: Block[] = [];
  readonly #all = new Set<Block>();
  #freeBytes = 0;
  #reservedBytes = 0;
  #made = 0;

  constructor(device: GPUDevice, poolBytes: number, maximumBytes: number) {
    this.#device = device;
    this.#poolBytes = poolBytes;
    this.#maximumBytes = maximumBytes;
    this.#most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** @throws OutOfMemoryError where no block could ever be as large. */
  check(byteLength: number): void {
    if (byteLength <= this.#most - (this.#most % LEAST)) return;
    throw new OutOfMemoryError(
      `[webgpu] a tensor must fit one binding of this device, ${this.#most} bytes: got ${byteLength}. Work on parts, or use another backend.`,
    );
  }

  take(byteLength: number): Block {
    this.check(byteLength);
    const bytes = Math.min(blockBytes(byteLength), this.#most - (this.#most % LEAST));
    const list = this.#free.get(bytes);
    if (list?.length) {
      this.#freeBytes -= bytes;
      // The one that waits longest: steps that repeat then meet the same blocks in a short cycle.
      return list.shift()!;
    }
    if (this.#reservedBytes + bytes > this.#maximumBytes) this.trim();
    if (this.#reservedBytes + bytes > this.#maximumBytes) {
      throw new OutOfMemoryError(
        `[webgpu] tensors may take ${this.#maximumBytes} bytes: got ${bytes} more than ${this.#reservedBytes}. Dispose of some, or raise maximumBytes.`,
      );
    }
    const gpu = this.#device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
    this.#reservedBytes += bytes;
    const block = { gpu, bytes, id: this.#made++, batch: -1 };
    this.#all.add(block);
    return block;
  }

  give(block: Block): void {
    const list = this.#free.get(block.bytes);
    if (list) list.push(block);
    else this.#free.set(block.bytes, [block]);
    this.#freeBytes += block.bytes;
    if (this.#freeBytes > this.#poolBytes) this.trim();
  }

  /** Takes what waits out of the pool; it is destroyed by {@link sweep}, as commands not yet submitted may use it. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const block of list) this.#reservedBytes -= block.bytes;
      this.#doomed.push(...list);
    }
    this.#free.clear();
    this.#freeBytes = 0;
  }

  /** Destroys what was taken out; called when all commands are submitted. */
  sweep(): void {
    for (const block of this.#doomed) {
      block.gpu.destroy();
      this.#all.delete(block);
    }
    this.#doomed.length = 0;
  }

  /** Destroys all blocks, used or not. */
  destroy(): void {
    for (const { gpu } of this.#all) gpu.destroy();
    this.#all.clear();
  }
}
