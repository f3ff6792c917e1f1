import { type Backend, composites, type Graph, type Plan } from '@tessera/core';
import { keep, type Tensor } from '@tessera/tensor';
import { Executable } from './executable.ts';
import { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
import { separateConstants } from './passes/constants.ts';
import { usedValues, withoutDead } from './passes/dead-code.ts';
import { foldEpilogues } from './passes/epilogues.ts';
import { fuseElementwise } from './passes/fuse-elementwise.ts';
import { optimizeLoops } from './passes/loops.ts';
import { simplify } from './passes/simplify.ts';
import type { Traced } from './trace.ts';

/** A traced function made ready to run again and again. */
export class Compiled {
  readonly traced: Traced;
  readonly #executable: Executable;
  /** What its graph takes besides the arguments and the variables. */
  readonly #constants: readonly Tensor[];

  constructor(traced: Traced, backend: Backend) {
    this.traced = traced;
    const fuse = (graph: Graph): Graph => {
      const folded = foldEpilogues(graph, backend.composites);
      return backend.composites.has(composites.fused.name) ? fuseElementwise(folded) : folded;
    };
    const simplified = mergeCommonSubexpressions(simplify(withoutDead(optimizeLoops(traced.graph, fuse))));
    const given = simplified.inputs.length - traced.constants.length;
    const separated = separateConstants(simplified, simplified.inputs.slice(given));
    const graph = separated?.graph ?? withoutDead(simplified);
    const constants = [...traced.constants, ...(separated ? evaluate(separated.constants, traced.constants, backend) : [])];
    // What constants were made of is not needed any more.
    const used = usedValues(graph);
    const isUsed = (_: unknown, i: number): boolean => used.has(graph.inputs[given + i]!);
    this.#constants = constants.filter(isUsed);
    for (const constant of constants) if (!this.#constants.includes(constant)) constant.dispose();
    const inputs = [...graph.inputs.slice(0, given), ...graph.inputs.slice(given).filter(isUsed)];
    this.#executable = new Executable(fuse({ ...graph, inputs }), backend);
  }

  get plan(): Plan {
    return this.#executable.plan;
  }

  /** Runs the plan; variables are assigned only when all of it has succeeded. */
  run(tensors: readonly Tensor[]): unknown {
    const { reads, assigns, rebuild } = this.traced;
    const outputs = this.#executable.run([...tensors, ...reads.map((variable) => variable.peek()), ...this.#constants]);
    const results = outputs.splice(0, outputs.length - assigns.length);
    assigns.forEach((variable, i) => variable.replace(outputs[i]!));
    for (const output of outputs) output.dispose();
    return rebuild(results);
  }

  dispose(): void {
    this.#executable.dispose();
    for (const constant of this.#constants) constant.dispose();
  }
}

/** The outputs of a graph that is run once. */
function evaluate(graph: Graph, inputs: readonly Tensor[], backend: Backend): readonly Tensor[] {
  const executable = new Executable(graph, backend);
  try {
    return executable.run(inputs).map((output) => keep(output));
  } finally {
    executable.dispose();
  }
}
