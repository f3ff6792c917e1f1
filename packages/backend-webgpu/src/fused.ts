import { type FusedAttributes, type Kernel, opName, type Operand } from '@tessera/core';
import { numbers } from './cells.ts';
import { expressionOf, targetOf } from './elementwise.ts';
import { bindingsNeeded, mapElements } from './map.ts';
import type { Runtime } from './runtime.ts';
import { scalarOf } from './wgsl/elements.ts';

/** Runs element-wise ops as one shader, made of them. */
export function fused(runtime: Runtime): { readonly fused: Kernel<FusedAttributes> } {
  const run: Kernel<FusedAttributes> = (inputs, { instructions, outputs: leaving }, outputs) => {
    const cells = inputs.map(numbers);
    const scalars = [...cells.map(({ scalar }) => scalar), ...instructions.map(({ dtype }) => scalarOf(dtype))];
    const text = instructions.map(({ op, inputs: places }) => `${opName(op)} ${places.join()}`).join(';');
    mapElements(runtime, `fused|${text}|${leaving.join()}`, outputs[0].view.shape, cells, outputs.map(targetOf), (values) => {
      const names = [...values];
      const statements = instructions.map(({ op, inputs: places }, i) => {
        const value = expressionOf(
          opName(op),
          scalars[places.at(-1)!],
          places.map((place) => names[place]),
        );
        names.push(`r${i}`);
        // Kept from compilers, so that no two ops are made one with another rounding: what is captured equals what is eager.
        // That is also why halves are rounded after each.
        if (scalars[inputs.length + i] !== 'f32') return `let r${i} = ${value};`;
        return `let r${i} = ${instructions[i].dtype === 'float16' ? `halfRounded(${value})` : `opaque(${value})`};`;
      });
      return { statements, results: leaving.map((at) => `r${at}`) };
    });
  };
  /** Runs the instructions in parts, each within the number of buffers that a shader may have. */
  const divide: Kernel<FusedAttributes> = (inputs, attributes, outputs) => {
    const most = runtime.limits.maxStorageBuffersPerShaderStage;
    if (bindingsNeeded(inputs.map(numbers), outputs.map(targetOf)) <= most) return run(inputs, attributes, outputs);
    const [first, rest] = halves(attributes, inputs, outputs, (byteLength) => runtime.temporary(byteLength));
    divide(...first);
    divide(...rest);
  };
  return { fused: divide };
}

type Call = [inputs: readonly Operand[], attributes: FusedAttributes, outputs: readonly Operand[]];

/** The first half of the instructions, whose results that others need leave it, and the rest. */
function halves(
  { instructions, outputs: leaving }: FusedAttributes,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  allocate: (byteLength: number) => Operand['buffer'],
): [Call, Call] {
  const { shape } = outputs[0].view;
  const cut = instructions.length >> 1;
  const size = shape.reduce((a, b) => a * b, 1);
  const resultOf = new Map<number, Operand>(leaving.map((at, i) => [at, outputs[i]]));
  const needed = new Set(instructions.slice(cut).flatMap(({ inputs: places }) => places.map((place) => place - inputs.length)));
  const crossing = [...instructions.keys()].slice(0, cut).filter((at) => needed.has(at) || resultOf.has(at));
  for (const at of crossing) {
    if (resultOf.has(at)) continue;
    const { dtype } = instructions[at];
    resultOf.set(at, { buffer: allocate(size * 4), dtype, view: outputs[0].view });
  }
  const part = (from: number, to: number, given: readonly number[], made: readonly number[]): Call => {
    const used = [...new Set(instructions.slice(from, to).flatMap(({ inputs: places }) => places))].filter(
      (place) => place < inputs.length || given.includes(place - inputs.length),
    );
    const placeOf = (place: number): number => {
      const at = used.indexOf(place);
      return at >= 0 ? at : used.length + place - inputs.length - from;
    };
    return [
      used.map((place) => (place < inputs.length ? inputs[place] : resultOf.get(place - inputs.length)!)),
      {
        instructions: instructions.slice(from, to).map((one) => ({ ...one, inputs: one.inputs.map(placeOf) })),
        outputs: made.map((at) => at - from),
      },
      made.map((at) => resultOf.get(at)!),
    ];
  };
  const late = leaving.filter((at) => at >= cut);
  return [part(0, cut, [], crossing), part(cut, instructions.length, crossing, late)];
}
