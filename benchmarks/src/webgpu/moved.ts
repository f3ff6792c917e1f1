import { intercept } from './intercept.ts';
import { type MarkedShader, markedShader } from './marks.ts';

/** What a pass has set when it dispatches. */
interface Pass {
  readonly device: GPUDevice;
  pipeline: GPUComputePipeline | undefined;
  readonly groups: Map<number, ReadonlyMap<number, number>>;
}

/** A dispatch, with the marks of what it touched. */
interface Marks {
  readonly device: GPUDevice;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** For each array, the words with its marks, and the size of an element. */
  readonly arrays: readonly (readonly [start: number, end: number, elementBytes: number])[];
}

const [STORAGE, COPY_SRC, COPY_DST, MAP_READ, COMPUTE] = [0x80, 4, 8, 1, 4];

/**
 * Counts from now on how many bytes move on devices: each element that a dispatch reads or writes, once for each array and dispatch, by
 * shaders that mark what they touch; what copies read and write; and what comes from the host. All is much slower for it. Gives, when
 * called, what moved since the last call.
 */
export function watchMoved(types: object): () => Promise<number> {
  let copied = 0;
  let dispatches: Marks[] = [];
  const layouts = new WeakMap<object, GPUBindGroupLayout>();
  const shaders = new WeakMap<object, MarkedShader>();
  const pipelines = new WeakMap<object, MarkedShader>();
  const groups = new WeakMap<object, ReadonlyMap<number, number>>();
  const devices = new WeakMap<object, GPUDevice>();
  const passes = new WeakMap<object, Pass>();

  const layoutOf = (device: GPUDevice): GPUBindGroupLayout => {
    const made =
      layouts.get(device) ?? device.createBindGroupLayout({ entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'storage' } }] });
    layouts.set(device, made);
    return made;
  };

  // Devices are asked for all that the adapter has, and tell of one binding less: the marks'.
  const limit = 'maxStorageBuffersPerShaderStage';
  const { prototype: limits } = (types as { GPUSupportedLimits: { prototype: GPUSupportedLimits } }).GPUSupportedLimits;
  const { get } = Object.getOwnPropertyDescriptor(limits, limit)!;
  Object.defineProperty(limits, limit, {
    get(): number {
      return get!.call(this) - 1;
    },
  });
  intercept(types, ['GPUAdapter', 'requestDevice'], {
    prepare(adapter, [descriptor = {}]: [GPUDeviceDescriptor?]): [GPUDeviceDescriptor] {
      const most = get!.call((adapter as GPUAdapter).limits) as number;
      return [{ ...descriptor, requiredLimits: { ...descriptor.requiredLimits, [limit]: most } }];
    },
  });

  let current: MarkedShader;
  intercept(types, ['GPUDevice', 'createShaderModule'], {
    prepare(_, [descriptor]: [GPUShaderModuleDescriptor]): [GPUShaderModuleDescriptor] {
      current = markedShader(descriptor.code);
      return [{ ...descriptor, code: current.code }];
    },
    note: (_, __, module: object) => shaders.set(module, current),
  });
  intercept(types, ['GPUDevice', 'createPipelineLayout'], {
    prepare: (device, [descriptor]: [GPUPipelineLayoutDescriptor]): [GPUPipelineLayoutDescriptor] => [
      { ...descriptor, bindGroupLayouts: [...descriptor.bindGroupLayouts, layoutOf(device as GPUDevice)] },
    ],
  });
  const made = ({ compute }: GPUComputePipelineDescriptor, pipeline: object): void =>
    void pipelines.set(pipeline, shaders.get(compute.module)!);
  intercept(types, ['GPUDevice', 'createComputePipeline'], {
    note: (_, [descriptor]: [GPUComputePipelineDescriptor], pipeline: object) => made(descriptor, pipeline),
  });
  intercept(types, ['GPUDevice', 'createComputePipelineAsync'], {
    note(_, [descriptor]: [GPUComputePipelineDescriptor], pending: Promise<object>) {
      pending.then(
        (pipeline) => made(descriptor, pipeline),
        () => {},
      );
    },
  });
  intercept(types, ['GPUDevice', 'createBindGroup'], {
    note(_, [{ entries }]: [GPUBindGroupDescriptor], group: object) {
      const sizes = new Map<number, number>();
      for (const { binding, resource } of entries) {
        const { buffer, offset = 0, size } = resource as GPUBufferBinding;
        sizes.set(binding, size ?? buffer.size - offset);
      }
      groups.set(group, sizes);
    },
  });
  intercept(types, ['GPUDevice', 'createCommandEncoder'], {
    note: (device, _, encoder: object) => devices.set(encoder, device as GPUDevice),
  });
  intercept(types, ['GPUCommandEncoder', 'beginComputePass'], {
    note: (encoder, _, pass: object) => passes.set(pass, { device: devices.get(encoder)!, pipeline: undefined, groups: new Map() }),
  });
  intercept(types, ['GPUComputePassEncoder', 'setPipeline'], {
    note: (pass, [pipeline]: [GPUComputePipeline]) => void (passes.get(pass)!.pipeline = pipeline),
  });
  intercept(types, ['GPUComputePassEncoder', 'setBindGroup'], {
    note: (pass, [at, group]: [number, object]) => passes.get(pass)!.groups.set(at, groups.get(group)!),
  });
  intercept(types, ['GPUComputePassEncoder', 'dispatchWorkgroups'], {
    prepare(self, given: number[]) {
      const { device, pipeline, groups: set } = passes.get(self)!;
      const { arrays, group } = pipelines.get(pipeline!)!;
      if (arrays.length === 0) return given;
      let words = 2 * arrays.length;
      const parts = arrays.map(({ group: at, binding, elementBytes }) => {
        const elements = Math.floor(set.get(at)!.get(binding)! / elementBytes);
        const start = words;
        words += Math.ceil(elements / 32);
        return { start, elements, end: words, elementBytes };
      });
      const buffer = device.createBuffer({ size: 4 * words, usage: STORAGE | COPY_SRC, mappedAtCreation: true });
      new Uint32Array(buffer.getMappedRange()).set(parts.flatMap(({ start, elements }) => [start, elements]));
      buffer.unmap();
      const layout = pipeline!.getBindGroupLayout(group);
      (self as GPUComputePassEncoder).setBindGroup(
        group,
        device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }),
      );
      dispatches.push({
        device,
        buffer,
        bytes: 4 * words,
        arrays: parts.map(({ start, end, elementBytes }) => [start, end, elementBytes]),
      });
      return given;
    },
  });

  intercept(types, ['GPUCommandEncoder', 'copyBufferToBuffer'], {
    note(_, given: unknown[]) {
      // The offsets may be left out.
      const size = (typeof given[1] === 'number' ? given[4] : given[2]) as number | undefined;
      copied += 2 * (size ?? (given[0] as GPUBuffer).size);
    },
  });
  intercept(types, ['GPUCommandEncoder', 'clearBuffer'], {
    note(_, [buffer, offset = 0, size]: [GPUBuffer, number?, number?]) {
      copied += size ?? buffer.size - offset;
    },
  });
  intercept(types, ['GPUQueue', 'writeBuffer'], {
    note(_, [, , data, offset = 0, size]: [object, number, ArrayBuffer | ArrayBufferView, number?, number?]) {
      const element = (data as Partial<Float32Array>).BYTES_PER_ELEMENT ?? 1;
      copied += size === undefined ? data.byteLength - offset * element : size * element;
    },
  });

  return async () => {
    const [done, bytes] = [dispatches, copied];
    dispatches = [];
    let moved = bytes;
    for (const marks of done) moved += await touchedBytes(marks);
    // What was read here is nobody's step.
    copied = 0;
    return moved;
  };
}

async function touchedBytes({ device, buffer, bytes, arrays }: Marks): Promise<number> {
  const staging = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_READ);
  const words = new Uint32Array(staging.getMappedRange());
  let sum = 0;
  for (const [start, end, elementBytes] of arrays) for (let i = start; i < end; i++) sum += elementBytes * ones(words[i]!);
  staging.destroy();
  buffer.destroy();
  return sum;
}

/** How many bits of a word are set. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
