import { sameShape, UsageError } from '@tessera/core';
import { Arena } from './arena.ts';
import { isTensor } from './brand.ts';
import { layOut, MOST_BYTES } from './pack.ts';
import type { Tensor } from './tensor.ts';
import { treeFlatten } from '@tessera/core';
import type { Variable } from './variable.ts';

/** Options of {@link FlatParameters}. */
export interface FlatParametersOptions {
  /** The group of a parameter by its dotted path: those of one group lie together, those of none stay as they are (default: all are of one). */
  readonly groupOf?: ((path: string) => string | undefined) | undefined;
  /** How large a vector may be (default 128 MiB, what a WebGPU binding holds); more parameters make several. */
  readonly maxBytes?: number;
}

/**
 * The parameters of a model laid end to end in flat vectors, one for each dtype and group, so that an optimizer updates all of them
 * at once. The variables stay what they are: they become views of the vectors, and may be read, assigned and saved as ever.
 *
 * What is flat is a tree of few leaves: the vectors, by the path of the first parameter in each.
 *
 * @example
 * const flat = new FlatParameters(variables)
 * const { updates, state } = optimizer.update(flat.flatten(gradients), before, flat.read())
 * flat.assign(applyUpdates(flat.read(), updates))
 */
export class FlatParameters {
  readonly #variables: Map<string, Variable>;
  readonly #paths: Map<Variable, string> = new Map();
  readonly #cells: Map<string, Arena | Variable> = new Map();

  /** `variables` is a tree of variables; where one stands in it twice it is laid down once. */
  constructor(variables: unknown, { groupOf = () => '', maxBytes = MOST_BYTES }: FlatParametersOptions = {}) {
    const { leaves, paths } = treeFlatten(variables);
    this.#variables = new Map(paths.map((path, i) => [path, leaves[i] as Variable]));
    const groups = new Map<string, Variable[]>();
    for (const [path, variable] of this.#variables) {
      if (this.#paths.has(variable)) continue;
      this.#paths.set(variable, path);
      const group = groupOf(path);
      if (group === undefined) this.#cells.set(path, variable);
      else groups.set(`${variable.dtype} ${group}`, [...(groups.get(`${variable.dtype} ${group}`) ?? []), variable]);
    }
    for (const members of groups.values()) {
      for (const arena of arenasOf(members, maxBytes)) this.#cells.set(this.#paths.get(arena.variables[0]!)!, arena);
    }
  }

  /** The vectors. */
  read(): Record<string, Tensor> {
    return Object.fromEntries([...this.#cells].map(([path, cell]) => [path, cell.read()]));
  }

  /** Puts other values into the vectors, and so into all variables. */
  assign(vectors: Readonly<Record<string, Tensor>>): void {
    for (const [path, cell] of this.#cells) cell.assign(vectors[path]!);
  }

  /** A tree of the parameters' structure, such as their gradients, laid end to end as they are. */
  flatten(tree: unknown): Record<string, Tensor> {
    const { leaves, paths } = treeFlatten(tree);
    const given = new Map(paths.map((path, i) => [path, leaves[i] as Tensor]));
    const leafOf = (variable: Variable): Tensor => {
      const leaf = given.get(this.#paths.get(variable)!);
      if (!leaf) throw new UsageError(`[flatten] the tree must have a leaf for each parameter: got none for ${this.#paths.get(variable)}`);
      return leaf;
    };
    const cells = [...this.#cells].filter(([path]) => given.has(path));
    return Object.fromEntries(
      cells.map(([path, cell]) => [path, cell instanceof Arena ? Arena.join(cell.variables.map(leafOf)) : leafOf(cell)]),
    );
  }

  /** What {@link flatten} laid end to end, by the parameters' paths: views of the vectors. */
  unflatten(vectors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const parts = new Map<Variable, Tensor>();
    for (const [path, vector] of Object.entries(vectors)) {
      const cell = this.#cells.get(path)!;
      for (const variable of cell instanceof Arena ? cell.variables : [cell]) {
        parts.set(variable, cell instanceof Arena ? cell.part(vector, variable) : vector);
      }
    }
    return Object.fromEntries(
      [...this.#variables].flatMap(([path, variable]) => (parts.has(variable) ? [[path, parts.get(variable)!]] : [])),
    );
  }

  /** Whether a tree is one of vectors as these are, of all or of some groups. */
  isFlat(tree: unknown): tree is Record<string, Tensor> {
    if (typeof tree !== 'object' || tree === null || isTensor(tree)) return false;
    const entries = Object.entries(tree);
    return (
      entries.length > 0 && entries.every(([path, leaf]) => isTensor(leaf) && sameShape(leaf.shape, this.#cells.get(path)?.shape ?? [-1]))
    );
  }

  /** Makes the variables ordinary ones again, each with a buffer of its own. */
  unpack(): void {
    for (const cell of this.#cells.values()) if (cell instanceof Arena) cell.release();
  }
}

/** Buffers for variables of one dtype; those in which just these lie already are taken as they are. */
function arenasOf(variables: readonly Variable[], maxBytes: number): Arena[] {
  const places = layOut(variables, maxBytes);
  return Array.from({ length: places.at(-1)!.chunk + 1 }, (_, chunk) => {
    const members = variables.filter((_, i) => places[i]!.chunk === chunk);
    const home = members[0]!.home;
    const arena = home?.variables.length === members.length && home.variables.every((v, i) => v === members[i]) ? home : new Arena(members);
    arena.peek();
    return arena;
  });
}
