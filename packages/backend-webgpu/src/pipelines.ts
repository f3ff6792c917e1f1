import type { Block } from './memory.ts';
import { parameterBytes } from './parameters.ts';
import { Program, type Shader, sourceOf } from './program.ts';
import { TEAM } from './wgsl/team.ts';

const COMPUTE = 4;

/** What programs of one layout share. */
interface Layout {
  readonly group: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

/** The programs of a device, and the pipelines that are made of them, each once. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #programs = new Map<string, Program>();
  readonly #layouts = new Map<string, Layout>();
  /** Whether shaders use subgroups: those that are no larger than a team. */
  readonly #subgroups: boolean;
  #made = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    const { subgroupMaxSize = TEAM } = (device as { adapterInfo?: { subgroupMaxSize?: number } }).adapterInfo ?? {};
    this.#subgroups = device.features.has('subgroups' as GPUFeatureName) && subgroupMaxSize <= TEAM;
  }

  /** How many were made. */
  get made(): number {
    return this.#made;
  }

  /** The program of a key, which begins with the op's name. */
  program(key: string, shader: () => Shader): Program {
    let program = this.#programs.get(key);
    if (!program) this.#programs.set(key, (program = new Program(key, shader())));
    return program;
  }

  /** The pipeline of a program, made now if it must be. */
  of(program: Program): GPUComputePipeline {
    return (program.pipeline ??= this.#device.createComputePipeline(this.#describe(program)));
  }

  /** Makes the pipelines of programs ready beside one another, and tells how many are. */
  async compile(programs: Iterable<Program>, onProgress?: (done: number, all: number) => void): Promise<void> {
    const missing = [...new Set(programs)].filter(({ pipeline }) => !pipeline);
    let done = 0;
    await Promise.all(
      missing.map(async (program) => {
        await (program.compiling ??= this.#make(program));
        onProgress?.(++done, missing.length);
      }),
    );
  }

  async #make(program: Program): Promise<void> {
    const pipeline = await this.#device.createComputePipelineAsync(this.#describe(program));
    program.pipeline ??= pipeline;
  }

  #describe(program: Program): GPUComputePipelineDescriptor {
    const label = `tessera:${program.op}`;
    this.#made++;
    const module = this.#device.createShaderModule({ label, code: sourceOf(program.shader, this.#subgroups) });
    return { label, layout: this.#layoutOf(program).pipeline, compute: { module, entryPoint: 'main' } };
  }

  bind(program: Program, parameters: GPUBuffer, offset: number, blocks: readonly Block[]): GPUBindGroup {
    return this.#device.createBindGroup({
      label: `tessera:${program.op}`,
      layout: this.#layoutOf(program).group,
      entries: [
        { binding: 0, resource: { buffer: parameters, offset, size: parameterBytes(program.shader) } },
        ...blocks.map(({ gpu }, i) => ({ binding: i + 1, resource: { buffer: gpu } })),
      ],
    });
  }

  // The parameters' size is part of the layout, so that drivers check it once and not at every dispatch (and wgpu takes no stale one).
  #layoutOf({ layout: accesses, op, shader }: Program): Layout {
    const bytes = parameterBytes(shader);
    const key = `${accesses}${bytes}`;
    let layout = this.#layouts.get(key);
    if (layout) return layout;
    const types: GPUBufferBindingType[] = ['uniform'];
    for (const letter of accesses) types.push(letter === 'w' ? 'storage' : 'read-only-storage');
    const group = this.#device.createBindGroupLayout({
      label: `tessera:${op}`,
      entries: types.map((type, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: binding === 0 ? { type, minBindingSize: bytes } : { type },
      })),
    });
    layout = { group, pipeline: this.#device.createPipelineLayout({ bindGroupLayouts: [group] }) };
    this.#layouts.set(key, layout);
    return layout;
  }

  clear(): void {
    this.#programs.clear();
  }
}
