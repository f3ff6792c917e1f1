import { bytesPerElement } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import { isWhole, lifetimes, type Moves, moveBuffers, type Program, type ProgramStep } from './program.ts';
import type { PlanOperand } from './plan.ts';

/**
 * Lets steps write over inputs that are needed no more: where the op says that its kernels read each element before they write there,
 * and where inputs are whole buffers with as many elements as the output, so that elements have the same places in both. Inputs of the
 * program are needed by its caller, but for those that outputs, by place, replace. With `separate` these alone are written over.
 */
export function computeInPlace(program: Program, separate: boolean, replaces: ReadonlyMap<number, number>): Program {
  const moves = new Map<number, { buffer: number; byteOffset: number }>() satisfies Moves;
  const spans = lifetimes(program);
  const roles = program.buffers.map(({ role }) => role);
  const replaced = new Map([...replaces].map(([output, input]) => [program.outputs[output]!.buffer, program.inputs[input]!.buffer]));
  const root = (buffer: number): number => {
    let at = buffer;
    for (let move = moves.get(at); move; move = moves.get(at)) at = move.buffer;
    return at;
  };
  program.steps.forEach((step, at) => {
    const taken = new Set<number>();
    step.outputs.forEach((output, place) => {
      const made = output.buffer;
      const whole = isWhole(program, output);
      if (sizeOf(output.view.shape) === 0 || (whole && spans[made]!.first !== at)) return;
      const dies = (input: PlanOperand): boolean => {
        const buffer = root(input.buffer);
        const free = (roles[buffer] === 'temporary' && !separate) || buffer === replaced.get(made);
        return free && spans[buffer]!.last === at && !taken.has(buffer);
      };
      const candidates = overwritable(program, step, place).filter(
        (input) => dies(input) && !sharedOtherwise(program, step, place, input, root),
      );
      const found = candidates.find((input) => input.buffer === replaced.get(made)) ?? candidates[0];
      if (!found) return;
      const over = root(found.buffer);
      // What becomes a result of the plan, or a piece of something, is made there from the beginning.
      const [from, to] = roles[made] === 'output' || !whole ? [over, made] : [made, over];
      moves.set(from, { buffer: to, byteOffset: to === made ? output.view.offset * bytesPerElement(output.dtype) : 0 });
      spans[to] = { first: Math.min(spans[over]!.first, spans[made]!.first), last: spans[made]!.last };
      taken.add(to);
    });
  });
  const { steps, ...rest } = moveBuffers(program, moves);
  return { ...rest, steps: steps.filter((step) => !(step.op === 'copy' && isSame(step.inputs[0]!, step.outputs[0]!))) };
}

const isSame = (a: PlanOperand, b: PlanOperand): boolean => a.buffer === b.buffer && a.view.offset === b.view.offset;

/** The whole inputs over which a step may write an output. */
function overwritable(program: Program, step: ProgramStep, output: number): PlanOperand[] {
  const { dtype, view } = step.outputs[output]!;
  const inputs = (step.overwrites?.[output] ?? []).map((place) => step.inputs[place]!);
  const alike = (x: PlanOperand): boolean =>
    bytesPerElement(x.dtype) === bytesPerElement(dtype) && sizeOf(x.view.shape) === sizeOf(view.shape);
  return inputs.filter((input) => alike(input) && isWhole(program, input));
}

/** Whether the step reads an input's buffer in a way that does not allow to write there. */
function sharedOtherwise(
  program: Program,
  step: ProgramStep,
  output: number,
  input: PlanOperand,
  root: (buffer: number) => number,
): boolean {
  const allowed = new Set(overwritable(program, step, output));
  return step.inputs.some((other) => root(other.buffer) === root(input.buffer) && !allowed.has(other));
}
