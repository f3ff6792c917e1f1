import { chosen } from './wgsl/either.ts';
import { functionsFor } from './wgsl/functions.ts';

/** A buffer that a shader reads or writes. */
export interface Binding {
  readonly name: string;
  /** Of its elements, in WGSL. */
  readonly type: string;
  readonly writes?: boolean;
}

/** What a shader is made of. Parameters are 32-bit words of which the first is 0, which no compiler knows. */
export interface Shader {
  readonly bindings: readonly Binding[];
  /** How many words of parameters it takes. */
  readonly words: number;
  /** Invocations in a workgroup. */
  readonly workgroup: number;
  /** Declarations before the main function. */
  readonly declarations?: string;
  /** The main function's body, of `g` the workgroup, `l` the place in it, and `t` the place among all invocations. */
  readonly main: string;
}

/** Places where the parameter `at` is read. */
export function word(at: number): string {
  return `P[${at >> 2}].${'xyzw'[at & 3]}`;
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The bits of a float as a parameter. */
export function floatWord(value: number): number {
  float[0] = value;
  return bits[0];
}

/** The whole text of a shader, on a device with subgroups or without. */
export function sourceOf({ bindings, words, workgroup, declarations = '', main }: Shader, subgroups: boolean): string {
  const body = chosen(main, subgroups);
  const uses = body.includes('subgroup');
  const code = `${declarations}\n@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) l: u32${
    uses ? ', @builtin(subgroup_size) subgroupSize: u32, @builtin(subgroup_invocation_id) subgroupLane: u32' : ''
  }) {
  let g = group.y * groups.x + group.x;
  let t = g * ${workgroup}u + l;
${body}
}`;
  const header = bindings.map(
    ({ name, type, writes }, i) => `@group(0) @binding(${i + 1}) var<storage, ${writes ? 'read_write' : 'read'}> ${name}: array<${type}>;`,
  );
  const parameters = `@group(0) @binding(0) var<uniform> P: array<vec4<u32>, ${Math.ceil(words / 4)}>;`;
  const text = [parameters, ...header, functionsFor(code), code].join('\n');
  return `${/\bf16\b/.test(text) ? 'enable f16;\n' : ''}${uses ? 'enable subgroups;\n' : ''}${text}`;
}

/** A shader with what is made of it once. */
export class Program {
  /** The op that it is for, then what tells it from others. */
  readonly key: string;
  readonly shader: Shader;
  pipeline: GPUComputePipeline | undefined;
  /** Its pipeline being made beside others. */
  compiling: Promise<void> | undefined;

  constructor(key: string, shader: Shader) {
    this.key = key;
    this.shader = shader;
  }

  get op(): string {
    return this.key.split('|', 1)[0];
  }

  /** `r` or `w` for each binding: programs of one layout share it. */
  get layout(): string {
    return this.shader.bindings.map(({ writes }) => (writes ? 'w' : 'r')).join('');
  }
}
