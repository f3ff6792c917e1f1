import { materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, word } from './program.ts';
import { BUSY } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { addTeam, TEAM, teamMemory } from './wgsl/team.ts';

/** The fewest rows that are worth an invocation. */
const LEAST = 16;

/** A matrix that is gone down column by column. */
export interface Columns {
  readonly rows: number;
  readonly n: number;
}

/** A text with what it reads and its own parameters, which lie from {@link OWN} on. */
interface Part {
  readonly key: string;
  readonly inputs: readonly (readonly [name: string, buffer: GpuBuffer, type?: string])[];
  readonly words: readonly number[];
}

/** What every part of a column leaves: so many numbers, worked out of `rows` of it. */
interface First extends Part {
  readonly numbers: readonly string[];
  /** Statements before; `loop` goes over the rows, each with its `at`. There are `count` of them. */
  readonly main: (loop: (body: string) => string) => string;
}

/** What comes of the parts' numbers: outputs of a number for each column. */
interface Last extends Part {
  readonly outputs: readonly (readonly [name: string, buffer: GpuBuffer])[];
  /** `sum` adds an expression of the parts' numbers, `p0`, `p1`, …, and of `count`, the part's rows, into a variable. */
  readonly main: (sum: (name: string, expression: string) => string) => string;
}

/** The first parameter of a part's own. */
export const OWN = 4;

/** How many rows a part has. */
const COUNT = `let count = f32((${word(1)} + ${word(3)} - 1u - part) / ${word(3)});`;

const bindingsOf = ({ inputs }: Part): Binding[] => inputs.map(([name, , type = 'f32']) => ({ name, type }));
const buffersOf = (runtime: Runtime, { inputs }: Part): GpuBuffer[] => inputs.map(([, buffer]) => materialize(runtime, buffer));

/**
 * Works numbers out for each column of a matrix in two dispatches: first of its rows in parts, the rows of a part as far from one another
 * as there are parts, so that neighbouring invocations read neighbours; then of the parts, by a team for each column.
 */
export function foldColumns(runtime: Runtime, { rows, n }: Columns, first: First, last: Last): void {
  const parts = Math.max(1, Math.min(Math.ceil(rows / LEAST), Math.floor(BUSY / n)));
  const wide = first.numbers.length;
  const partial = runtime.temporary(parts * wide * n * 4);
  const program = runtime.program(first.key, () => ({
    bindings: [...bindingsOf(first), { name: 'Z', type: 'f32', writes: true }],
    words: OWN + first.words.length,
    workgroup: TEAM,
    main: `  if (t >= ${word(2)} * ${word(3)}) { return; }
  let column = t % ${word(2)};
  let part = t / ${word(2)};
  ${COUNT}
  ${first.main((body) => `for (var row = part; row < ${word(1)}; row = row + ${word(3)}) { let at = row * ${word(2)} + column; ${body} }`)}
  ${first.numbers.map((number, i) => `Z[(part * ${wide}u + ${i}u) * ${word(2)} + column] = ${number};`).join('\n  ')}`,
  }));
  runtime.run(program, [...buffersOf(runtime, first), partial], [rows, n, parts, ...first.words], Math.ceil((parts * n) / TEAM));
  const finish = runtime.program(last.key, () => ({
    bindings: [
      ...bindingsOf(last),
      { name: 'Z', type: 'f32' },
      ...last.outputs.map(([name]): Binding => ({ name, type: 'f32', writes: true })),
    ],
    words: OWN + last.words.length,
    workgroup: TEAM,
    declarations: teamMemory,
    main: `  if (g >= ${word(2)}) { return; }
  let column = g;
  ${last.main(
    (name, expression) => `var ${name} = 0.0;
  for (var part = l; part < ${word(3)}; part = part + ${TEAM}u) {
    ${COUNT}
    ${first.numbers.map((_, i) => `let p${i} = Z[(part * ${wide}u + ${i}u) * ${word(2)} + column];`).join(' ')}
    ${name} = ${name} + ${expression};
  }
  ${addTeam(name)}`,
  )}`,
  }));
  const outputs = last.outputs.map(([, buffer]) => buffer);
  runtime.run(finish, [...buffersOf(runtime, last), partial, ...outputs], [rows, n, parts, ...last.words], n);
}
