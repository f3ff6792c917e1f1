import { type Backend, type Graph, lower, type Plan } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { keep, type Tensor } from '@tessera/tensor';
import { Executable } from './executable.ts';
import { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
import { separateConstants } from './passes/constants.ts';
import { usedValues, withoutDead } from './passes/dead-code.ts';
import { foldEpilogues } from './passes/epilogues.ts';
import { fuseElementwise } from './passes/fuse-elementwise.ts';
import { optimizeLoops } from './passes/loops.ts';
import { stopGradientsBeforePooling } from './passes/pooled-gradients.ts';
import { fitMemory } from './passes/recompute.ts';
import { simplify } from './passes/simplify.ts';
import type { Traced } from './trace.ts';

/** A traced function made ready to run again and again. */
export class Compiled {
  /** The signature that it was made for. */
  readonly key: string;
  readonly traced: Traced;
  readonly #executable: Executable;
  /** What its graph takes besides the arguments and the variables. */
  readonly #constants: readonly Tensor[];

  /** @throws OutOfMemoryError where temporaries cannot be made to fit `memoryLimit`. */
  constructor(key: string, traced: Traced, backend: Backend, memoryLimit: number) {
    this.key = key;
    this.traced = traced;
    const replaces = replacedInputs(traced);
    this.#constants = traced.constants;
    try {
      const { graph, constants } = prepare(traced, backend);
      this.#constants = constants;
      const { plan } = fitMemory(graph, memoryLimit, (given) => {
        const final = join(given, backend);
        return { graph: final, plan: lower(final, backend, replaces) };
      });
      this.#executable = new Executable(plan, backend);
    } catch (error) {
      for (const constant of this.#constants) constant.dispose();
      throw error;
    }
  }

  get plan(): Plan {
    return this.#executable.plan;
  }

  /** Whether a variable that it reads has come to lie in a buffer beside others since, so that it would have to be copied each time. */
  get outdated(): boolean {
    return this.traced.reads.some(({ home }) => home !== undefined);
  }

  compile(onProgress?: (done: number, all: number) => void): Promise<void> | undefined {
    return this.#executable.compile(onProgress);
  }

  /** Runs the plan; variables are assigned only when all of it has succeeded. */
  run(tensors: readonly Tensor[]): unknown {
    const { reads, assigns, rebuild } = this.traced;
    // Handles of our own: a buffer that takes its variables back lets another's go.
    const held: Tensor[] = [];
    try {
      for (const cell of reads) held.push(cell.peek().alias());
      const outputs = this.#executable.run([...tensors, ...held, ...this.#constants]);
      const results = outputs.splice(0, outputs.length - assigns.length);
      assigns.forEach((cell, i) => cell.replace(outputs[i]!));
      for (const output of outputs) output.dispose();
      return rebuild(results);
    } finally {
      for (const tensor of held) tensor.dispose();
    }
  }

  dispose(): void {
    this.#executable.dispose();
    for (const constant of this.#constants) constant.dispose();
  }
}

/** Which inputs the outputs are the next values of: those of variables that are read and assigned. */
function replacedInputs({ graph: { inputs, outputs }, reads, constants, assigns }: Traced): ReadonlyMap<number, number> {
  const firstRead = inputs.length - constants.length - reads.length;
  const firstAssign = outputs.length - assigns.length;
  return new Map(
    assigns.flatMap((cell, i) => {
      const at = reads.indexOf(cell);
      return at < 0 ? [] : [[firstAssign + i, firstRead + at] as const];
    }),
  );
}

/** The graph of a traced function without what need not be done, or is done here and now: its last inputs are the constants. */
function prepare(traced: Traced, backend: Backend): { graph: Graph; constants: readonly Tensor[] } {
  const loops = optimizeLoops(traced.graph, (body) => join(body, backend));
  const simplified = stopGradientsBeforePooling(mergeCommonSubexpressions(simplify(withoutDead(loops))));
  const given = simplified.inputs.length - traced.constants.length;
  const separated = separateConstants(simplified, simplified.inputs.slice(given));
  const graph = separated?.graph ?? withoutDead(simplified);
  const all = [...traced.constants, ...(separated ? evaluate(separated.constants, traced.constants, backend) : [])];
  // What constants were made of is not needed any more.
  const used = usedValues(graph);
  const isUsed = (_: unknown, i: number): boolean => used.has(graph.inputs[given + i]!);
  const constants = all.filter(isUsed);
  for (const constant of all) if (!constants.includes(constant)) constant.dispose();
  return { graph: { ...graph, inputs: [...graph.inputs.slice(0, given), ...graph.inputs.slice(given).filter(isUsed)] }, constants };
}

/** The graph with nodes joined for which the backend has one kernel. */
function join(graph: Graph, { composites: kernels }: Backend): Graph {
  const folded = foldEpilogues(graph, kernels);
  return kernels.has(composites.fused.name) ? fuseElementwise(folded) : folded;
}

/** The outputs of a graph that is run once. */
function evaluate(graph: Graph, inputs: readonly Tensor[], backend: Backend): readonly Tensor[] {
  const executable = new Executable(lower(graph, backend), backend);
  try {
    return executable.run(inputs).map((output) => keep(output));
  } finally {
    executable.dispose();
  }
}
