import type { DType } from '../dtype.ts';
import type { Composite } from '../op.ts';
import type { Primitive } from '../primitives/attributes.ts';

/** One step of a {@link fused} op. */
export interface Instruction {
  readonly op: Primitive | Composite<unknown>;
  /** Places in the list of the op's inputs followed by the instructions' results. */
  readonly inputs: readonly number[];
  readonly dtype: DType;
}

/** Attributes of {@link fused}. */
export interface FusedAttributes {
  readonly instructions: readonly Instruction[];
  /** The instructions whose results are the outputs, in order; the last instruction's is among them. */
  readonly outputs: readonly number[];
}

/**
 * Element-wise ops run as one. Outputs have one shape; inputs have it too, or are one element, or one row that repeats: the
 * outputs' last axes. Made by the fusion pass for backends that have a kernel of this name; users never call it.
 */
export const fused: Composite<FusedAttributes> = {
  name: 'fused',
  repeats: 'all',
  // Kernels take a part of the elements through all instructions: what a later one reads must still be there.
  overwrites({ instructions, outputs }, inputs) {
    const lastUse = new Array<number>(inputs).fill(0);
    instructions.forEach((instruction, at) => {
      for (const value of instruction.inputs) if (value < inputs) lastUse[value] = at;
    });
    return outputs.map((made) => lastUse.flatMap((last, input) => (last <= made ? [input] : [])));
  },
  decompose(b, inputs, { instructions, outputs }) {
    const values = [...inputs];
    for (const { op, inputs: places } of instructions) {
      const given = places.map((place) => values[place]!);
      values.push(typeof op === 'string' ? b.primitive(op as 'add', given, {})[0]! : b.apply(op as never, given, {} as never));
    }
    return outputs.map((at) => values[inputs.length + at]!);
  },
};
