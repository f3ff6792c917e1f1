import { valueAndGrad } from '@tessera/autograd';
import { capture } from '@tessera/capture';
import { type Backend, type BackendFactory, DeviceError } from '@tessera/core';
import { conv, logSoftmax, maxPool, type Tensor, tensor, tidy, Variable } from '@tessera/tensor';
import { checkOp } from './check-op.ts';
import { CheckError } from './compare.ts';
import { opDescriptions } from './ops/index.ts';

/** Options of {@link checkBackend}. */
export interface BackendCheckOptions {
  /** What values are compared with: usually `@tessera/backend-cpu`. */
  readonly reference: Backend;
  /** How many training steps, eager and captured, must leave memory as it was (default 1,000). */
  readonly steps?: number;
}

/**
 * Checks a backend: memory that it allocates, copies and gives back; the whole op table; training steps that leave
 * memory flat; and that nothing works any longer once it is disposed.
 *
 * @throws CheckError that lists everything that is wrong.
 */
export async function checkBackend(make: BackendFactory, { reference, steps = 1000 }: BackendCheckOptions): Promise<void> {
  const backend = await make();
  const failures: string[] = [];
  const attempt = async (part: () => Promise<void>): Promise<void> => {
    try {
      await part();
    } catch (error) {
      failures.push((error as Error).message);
    }
  };
  await attempt(() => checkMemory(backend));
  for (const op of opDescriptions) await attempt(() => checkOp(op, backend, reference));
  // Each on a backend of its own: what the checks above left to the collector may go at any time.
  for (const captured of [false, true]) {
    await attempt(async () => {
      const fresh = await make();
      try {
        await checkFlatMemory(fresh, { steps, captured });
      } finally {
        fresh.dispose();
      }
    });
  }
  await attempt(() => checkDisposal(backend));
  if (failures.length) throw new CheckError(`[checkBackend] ${backend.name} fails ${failures.length} checks:\n${failures.join('\n')}`);
}

/** Buffers hold what is written, are counted while they live, and are counted no longer once freed. */
async function checkMemory(backend: Backend): Promise<void> {
  const before = backend.memory();
  const bytes = Uint8Array.from({ length: 301 }, (_, i) => i);
  const buffers = [0, 1, 301, 5000].map((size) => backend.allocate(size));
  for (const [i, size] of [0, 1, 301, 5000].entries()) {
    if (buffers[i]!.byteLength < size)
      throw new CheckError(`[${backend.name}] allocate(${size}) must give as much: got ${buffers[i]!.byteLength}`);
  }
  backend.write(buffers[2]!, bytes);
  backend.write(buffers[3]!, bytes.subarray(7, 20));
  const [whole, part] = [await backend.read(buffers[2]!, 0, 301), await backend.read(buffers[3]!, 4, 8)];
  if (whole.join() !== bytes.join() || part.join() !== bytes.subarray(11, 19).join()) {
    throw new CheckError(`[${backend.name}] read must give what write put there: got ${part.join()}`);
  }
  for (const buffer of buffers) backend.free(buffer);
  const after = backend.memory();
  if (after.liveBytes !== before.liveBytes || after.liveBuffers !== before.liveBuffers) {
    throw new CheckError(`[${backend.name}] free must give back all: got ${after.liveBytes} bytes instead of ${before.liveBytes}`);
  }
}

/**
 * Trains a small network (convolution, pooling, product, softmax) by gradient descent; live bytes and buffers after all
 * steps must be those after the third.
 *
 * @throws CheckError
 */
export async function checkFlatMemory(
  backend: Backend,
  { steps = 1000, captured = false }: { readonly steps?: number; readonly captured?: boolean } = {},
): Promise<void> {
  // The first values are not left to the collector, which would free them at a time of its own.
  const variable = (values: readonly number[], shape: readonly number[]): Variable => {
    const first = tensor([...values], { shape, backend });
    const made = new Variable(first);
    first.dispose();
    return made;
  };
  const kernel = variable([0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8], [2, 2, 1, 2]);
  const weights = variable([0.1, -0.1, 0.2, -0.2, 0.3, -0.3, 0.4, -0.4], [4, 2]);
  const x = tensor(
    Float32Array.from({ length: 50 }, (_, i) => Math.sin(i)),
    { shape: [2, 5, 5, 1], backend },
  );
  const update = (images: Tensor): Tensor =>
    tidy(() => {
      const loss = (): Tensor => {
        const hidden = maxPool(conv(images, kernel.read()).relu(), 3).reshape([2, -1]);
        return logSoftmax(hidden.matmul(weights.read().at('0:2')))
          .at(':', 0)
          .mean()
          .neg();
      };
      const [value, gradients] = valueAndGrad(loss)([kernel, weights]);
      [kernel, weights].forEach((variable, i) => variable.assign(variable.read().sub(gradients[i]!.mul(0.01))));
      return value;
    });
  const replayed = captured ? capture(update) : undefined;
  const step = replayed ?? update;
  let before = backend.memory();
  for (let i = 0; i < steps; i++) {
    const value = step(x);
    await value.item();
    value.dispose();
    if (i === 2) before = backend.memory();
  }
  const after = backend.memory();
  const grown = after.liveBytes !== before.liveBytes || after.liveBuffers !== before.liveBuffers;
  replayed?.dispose();
  for (const held of [kernel, weights, x]) held.dispose();
  if (!grown) return;
  throw new CheckError(
    `[${backend.name}] memory must stay flat over ${steps} ${captured ? 'captured' : 'eager'} steps: got ${after.liveBytes} bytes in ${after.liveBuffers} buffers, after three ${before.liveBytes} in ${before.liveBuffers}`,
  );
}

async function checkDisposal(backend: Backend): Promise<void> {
  backend.dispose();
  try {
    backend.allocate(4);
  } catch (error) {
    if (DeviceError.is(error)) return;
    throw error;
  }
  throw new CheckError(`[${backend.name}] a disposed backend must refuse to work with a DeviceError`);
}
