import { type AttentionAttributes, type Axes, dropoutScale, type Kernel, mergeAxes, type Operand, sizeOf } from '@tessera/core';
import * as composites from '@tessera/core/composites';
import { indexable } from './axes.ts';
import { bufferOf } from './cells.ts';
import { runDecomposed } from './decomposed.ts';
import { clear, materialize } from './fill.ts';
import type { GpuBuffer } from './memory.ts';
import { type Binding, floatWord, word } from './program.ts';
import { dropping } from './random.ts';
import { placeFunction, placeWords } from './reduction.ts';
import type { Runtime } from './runtime.ts';
import { loadElement } from './wgsl/elements.ts';

const WORKGROUP = 64;
/** Vectors of four that an invocation gathers; wider rows are divided among several. Drivers on processors compile wide ones for seconds. */
const MOST = { device: 16, software: 4 };
const four = [0, 1, 2, 3];

/** An operand by its name in shaders: matrices of rows, or one number for each query. */
type Name = 'Q' | 'K' | 'V' | 'G' | 'logs' | 'delta' | 'mask';
const matrices: readonly Name[] = ['Q', 'K', 'V', 'G'];

/** The parameters: heads, T, S, D, E, scale, 1 if causal; then three of each operand: offset, stride of rows, stride along them. */
const [heads, T, S, D, E, scale, causal] = [1, 2, 3, 4, 5, 6, 7].map(word);
const FIRST = 8;
const limitOf = (name: Name): string => (name === 'V' || name === 'G' ? E : D);

/** What a shader's text depends on. */
interface Form {
  readonly names: readonly Name[];
  readonly vectors: boolean;
  readonly rank: number;
  /** How many vectors an invocation gathers. */
  readonly width: number;
  /** Whether the mask says what is seen, or is added. */
  readonly adds: boolean;
  readonly drops: boolean;
}

const parameter = ({ names }: Form, name: Name, at: 0 | 1 | 2): string => word(FIRST + names.indexOf(name) * 3 + at);

/** Functions that give the place of a head's first row, and four neighbours of a row from its place on. */
function declare(form: Form): string {
  const { names, vectors, rank, drops } = form;
  const after = FIRST + names.length * 3;
  const functions = names
    .map((name, i) => {
      const start = placeFunction(`head${name}`, rank, after + i * rank * 2);
      if (!matrices.includes(name)) return start;
      const along = parameter(form, name, 2);
      const limit = limitOf(name);
      const part = (c: number): string =>
        `select(0.0, ${name}[at + min(j * 4u + ${c}u, ${limit} - 1u) * ${along}], j * 4u + ${c}u < ${limit})`;
      const load = vectors
        ? `fn load${name}(at: u32, j: u32) -> vec4<f32> { return ${name}[(at >> 2u) + j]; }`
        : `fn load${name}(at: u32, j: u32) -> vec4<f32> { return vec4<f32>(${four.map(part).join(', ')}); }`;
      return `${start}\n${load}`;
    })
    .join('\n');
  return drops ? `${functions}\n${dropping(after + names.length * rank * 2)}` : functions;
}

/** The place of a row of the head. */
const rowAt = (form: Form, name: Name, row: string): string => `start${name} + ${row} * ${parameter(form, name, 1)}`;
const starts = (form: Form): string =>
  form.names.map((name) => `  let start${name} = ${parameter(form, name, 0)} + head${name}(head);`).join('\n');

/** Whether a query may look at a key. */
function sees(form: Form, query: string, key: string): string {
  const { names, adds } = form;
  const conditions = [`${key} < ${S}`, `${query} < ${T}`, `${key} <= ${query} + beyond`];
  if (names.includes('mask') && !adds) conditions.push(`${loadElement('mask', maskAt(form, query, key), 1)} != 0u`);
  return conditions.join(' && ');
}

const maskAt = (form: Form, query: string, key: string): string =>
  `startmask + ${query} * ${parameter(form, 'mask', 1)} + ${key} * ${parameter(form, 'mask', 2)}`;

/** The scores of four pairs, made of products. */
function scored(form: Form, query: (i: number) => string, key: (i: number) => string): string {
  const lines = [`s = s * bitcast<f32>(${scale});`];
  if (form.adds)
    lines.push(
      ...four.map((i) => `s[${i}] = s[${i}] + mask[${maskAt(form, `min(${query(i)}, ${T} - 1u)`, `min(${key(i)}, ${S} - 1u)`)}];`),
    );
  return lines.join('\n    ');
}

/** Σ own·other of four rows of `other` at once, from those at `at0` to `at3`. */
const dots = (into: string, own: Name, other: Name, width: string): string => `var ${into} = vec4<f32>(0.0);
    for (var j = 0u; j < (${width} + 3u) / 4u; j++) {
      let x = load${own}(own${own}, j);
      ${into} = ${into} + vec4<f32>(${four.map((i) => `dot(x, load${other}(at${other}${i}, j))`).join(', ')});
    }`;

/** The places of four rows from `first` on; those beyond the last are read as it and count for nothing. */
const rowsFrom = (form: Form, name: Name, limit: string): string =>
  four.map((i) => `let at${name}${i} = ${rowAt(form, name, `min(first + ${i}u, ${limit} - 1u)`)};`).join('\n    ');

const accumulators = (width: number): string => `var o: array<vec4<f32>, ${width}>;`;
/** Adds weights times rows to what is gathered; vectors beyond the last gather it again, and are never written. */
const gather = (width: number, weights: string, name: Name): string => `for (var c = 0u; c < ${width}u; c++) {
      let j = min(begin + c, vectors - 1u);
      o[c] = o[c] + ${four.map((i) => `${weights}[${i}] * load${name}(at${name}${i}, j)`).join(' + ')};
    }`;
/** Writes what is gathered, each times `factor`. */
const scatter = (width: number, limit: string, factor: string): string => `for (var c = 0u; c < ${width}u; c++) {
    for (var i = 0u; i < 4u; i++) {
      let e = (begin + c) * 4u + i;
      if (e < ${limit}) { Y[(head * rows + row) * ${limit} + e] = o[c][i] * ${factor}; }
    }
  }`;

/** Which row of which head an invocation has, and which vectors of it. */
const place = (rows: string, limit: string, width: number): string => `  let rows = ${rows};
  let vectors = (${limit} + 3u) / 4u;
  let each = rows * ${heads};
  if (t >= each * ((vectors + ${width - 1}u) / ${width}u)) { return; }
  let begin = t / each * ${width}u;
  let head = t % each / rows;
  let row = t % rows;
  let beyond = select(${S}, 0u, ${causal} == 1u);`;

/** y = softmax(q·kᵀ)·v by an invocation for each query, over four keys at a time: all is rescaled when a greater score comes. */
const forward = (form: Form): string => `${place(T, E, form.width)}
${starts(form)}
  let ownQ = ${rowAt(form, 'Q', 'row')};
  var most = negated(infinity());
  var sum = 0.0;
  ${accumulators(form.width)}
  for (var first = 0u; first < min(${S}, row + 1u + beyond); first = first + 4u) {
    ${rowsFrom(form, 'K', S)}
    ${dots('s', 'Q', 'K', D)}
    ${scored(
      form,
      () => 'row',
      (i) => `(first + ${i}u)`,
    )}
    ${four.map((i) => `if (!(${sees(form, 'row', `(first + ${i}u)`)})) { s[${i}] = negated(infinity()); }`).join('\n    ')}
    let next = greater(most, greater(greater(s[0], s[1]), greater(s[2], s[3])));
    // As long as nothing was seen there is nothing to rescale, and no number to take off.
    if (isInfinite(next) && isNegative(next)) { continue; }
    let keep = exponential(most - next);
    var p = vec4<f32>(${four.map((i) => `exponential(s[${i}] - next)`).join(', ')});
    sum = sum * keep + p[0] + p[1] + p[2] + p[3];
    ${form.drops ? `p = dropFour(p, (head * ${T} + row) * ${S} + first);` : ''}
    most = next;
    for (var c = 0u; c < ${form.width}u; c++) { o[c] = o[c] * keep; }
    ${rowsFrom(form, 'V', S)}
    ${gather(form.width, 'p', 'V')}
  }
  let inverse = quotient(1.0, sum);
  if (begin == 0u) { L[head * rows + row] = select(logarithm(sum) + most, notANumber(), isZero(sum)); }
  ${scatter(form.width, E, 'select(inverse, notANumber(), isZero(sum))')}`;

/** p of four pairs, from the logarithms of their queries' sums. */
const probabilities = (form: Form, query: (i: number) => string, key: (i: number) => string): string => `${scored(form, query, key)}
    var p = vec4<f32>(0.0);
    ${four.map((i) => `if (${sees(form, query(i), key(i))}) { p[${i}] = exponential(s[${i}] - logs[${rowAt(form, 'logs', query(i))}]); }`).join('\n    ')}`;

/** ds = p·(dp − δ)·scale */
const slopes = (form: Form, query: (i: number) => string): string =>
  `let ds = p * (dp - vec4<f32>(${four.map((i) => `delta[${rowAt(form, 'delta', `min(${query(i)}, ${T} - 1u)`)}]`).join(', ')})) * bitcast<f32>(${scale});`;

/** dq = Σ ds·k by an invocation for each query. */
const queryGradient = (form: Form): string => `${place(T, D, form.width)}
${starts(form)}
  let ownQ = ${rowAt(form, 'Q', 'row')};
  let ownG = ${rowAt(form, 'G', 'row')};
  ${accumulators(form.width)}
  for (var first = 0u; first < min(${S}, row + 1u + beyond); first = first + 4u) {
    ${rowsFrom(form, 'K', S)}
    ${rowsFrom(form, 'V', S)}
    ${dots('s', 'Q', 'K', D)}
    ${dots('dp', 'G', 'V', E)}
    ${probabilities(
      form,
      () => 'row',
      (i) => `(first + ${i}u)`,
    )}
    ${form.drops ? `dp = dropFour(dp, (head * ${T} + row) * ${S} + first);` : ''}
    ${slopes(form, () => 'row')}
    ${gather(form.width, 'ds', 'K')}
  }
  ${scatter(form.width, D, '1.0')}`;

/** dk = Σ ds·q, or dv = Σ p·dy, by an invocation for each key, over four queries at a time. */
const keyGradient = (form: Form, of: 'K' | 'V'): string => {
  const query = (i: number): string => `(first + ${i}u)`;
  // In a loop, as drivers on processors compile each call of its own for seconds.
  const drop = (x: string): string =>
    form.drops ? `for (var c = 0u; c < 4u; c++) { ${x}[c] = dropOne(${x}[c], (head * ${T} + first + c) * ${S} + row); }` : '';
  return `${place(S, limitOf(of), form.width)}
${starts(form)}
  let ownK = ${rowAt(form, 'K', 'row')};
  ${of === 'K' ? `let ownV = ${rowAt(form, 'V', 'row')};` : ''}
  ${accumulators(form.width)}
  for (var first = select(row & ~3u, 0u, beyond > 0u); first < ${T}; first = first + 4u) {
    ${rowsFrom(form, 'Q', T)}
    ${rowsFrom(form, 'G', T)}
    ${dots('s', 'K', 'Q', D)}
    ${of === 'K' ? dots('dp', 'V', 'G', E) : ''}
    ${probabilities(form, query, () => 'row')}
    ${drop(of === 'K' ? 'dp' : 'p')}
    ${of === 'K' ? slopes(form, query) : ''}
    ${of === 'K' ? gather(form.width, 'ds', 'Q') : gather(form.width, 'p', 'G')}
  }
  ${scatter(form.width, limitOf(of), '1.0')}`;
};

type Names = 'attention' | 'attentionGradient';

/** `kernels` is the whole table: where a device binds too few buffers for all that is read, it is done by the ops that it is made of. */
export function attention(
  runtime: Runtime,
  kernels: () => Readonly<Record<string, Kernel<never>>>,
): Readonly<Record<Names, Kernel<AttentionAttributes>>> {
  const most = runtime.limits.maxStorageBuffersPerShaderStage;
  /** Inputs behind so many fixed ones: a mask where there is one, and key and counter where weights are dropped. */
  const optional = (inputs: readonly Operand[], fixed: number, { rate }: AttentionAttributes) => {
    const draws = rate > 0 ? inputs.slice(-2) : [];
    return { mask: inputs.length - draws.length > fixed ? inputs[fixed] : undefined, draws };
  };
  /** Key and counter in one buffer. */
  const pack = ([key, counter]: readonly Operand[]): GpuBuffer | undefined => {
    if (!key) return undefined;
    const made = runtime.temporary(16);
    const program = runtime.program('attention|draws', () => ({
      bindings: [
        { name: 'K', type: 'u32' },
        { name: 'C', type: 'u32' },
        { name: 'Y', type: 'u32', writes: true },
      ],
      words: 5,
      workgroup: 2,
      main: `  Y[l] = K[${word(1)} + l * ${word(2)}];\n  Y[2u + l] = C[${word(3)} + l * ${word(4)}];`,
    }));
    const words = [key, counter].flatMap(({ view }) => [view.offset, view.strides[0]]);
    runtime.run(program, [...[key, counter].map((operand) => materialize(runtime, bufferOf(operand))), made], words, 1);
    return made;
  };
  /** Runs one of the shaders over named operands. */
  const run = (
    part: string,
    given: readonly (readonly [Name, Operand])[],
    { scale: factor, causal: hides, rate }: AttentionAttributes,
    draws: GpuBuffer | undefined,
    outputs: readonly (readonly [name: string, Operand])[],
    rows: number,
    columns: number,
    main: (form: Form) => string,
  ): void => {
    const operandOf = new Map(given);
    const [q, v] = [operandOf.get('Q')!, operandOf.get('V') ?? operandOf.get('G')!];
    const keys = operandOf.get('K')!.view.shape.at(-2)!;
    const lead = q.view.shape.slice(0, -2);
    const rankOf = (name: Name): number => (name === 'logs' || name === 'delta' ? 1 : 2);
    // One leading axis at least, so that shaders differ less.
    const { lengths, strides } = atLeastOne(
      lead,
      given.map(([name, { view }]) => leading(view.strides, view.shape, lead, rankOf(name))),
    );
    const vectors = given.every(([name, { view }], i) => {
      if (!matrices.includes(name)) return true;
      const aligned = [view.offset, view.strides.at(-2)!, view.shape.at(-1)!, ...strides[i]];
      return view.strides.at(-1) === 1 && aligned.every((n) => n % 4 === 0);
    });
    // Powers of two, so that shaders differ less.
    const width = Math.min(MOST[runtime.software ? 'software' : 'device'], 2 ** Math.max(0, Math.ceil(Math.log2(columns / 4))));
    const adds = operandOf.get('mask')?.dtype === 'float32';
    const form: Form = { names: given.map(([name]) => name), vectors, rank: lengths.length, width, adds, drops: draws !== undefined };
    const words = [sizeOf(lead), q.view.shape.at(-2)!, keys, q.view.shape.at(-1)!, v.view.shape.at(-1)!, floatWord(factor), Number(hides)];
    for (const [name, { view }] of given) {
      words.push(view.offset, ...(rankOf(name) === 1 ? [view.strides.at(-1)!, 0] : [stride(view, -2), stride(view, -1)]));
    }
    for (const list of strides) words.push(...placeWords({ lengths, strides: list }));
    if (draws) words.push(floatWord(rate), floatWord(dropoutScale(rate)));
    const program = runtime.program(`${part}|${form.names.join()}|${vectors}|${form.rank}|${width}|${adds}|${form.drops}`, () => ({
      bindings: [
        ...given.map(
          ([name]): Binding => ({
            name,
            type: name === 'mask' && !adds ? 'u32' : vectors && matrices.includes(name) ? 'vec4<f32>' : 'f32',
          }),
        ),
        ...(draws ? [{ name: 'draws', type: 'u32' }] : []),
        ...outputs.map(([name]): Binding => ({ name, type: 'f32', writes: true })),
      ],
      words: words.length + 1,
      workgroup: WORKGROUP,
      declarations: declare(form),
      main: main(form),
    }));
    const buffers = [
      ...given.map(([, operand]) => materialize(runtime, bufferOf(operand))),
      ...(draws ? [draws] : []),
      ...outputs.map(([, operand]) => bufferOf(operand)),
    ];
    const chunks = Math.ceil(Math.ceil(columns / 4) / width);
    runtime.run(program, buffers, words, Math.ceil((sizeOf(lead) * rows * chunks) / WORKGROUP));
  };
  const check = (...operands: readonly Operand[]): void => operands.forEach(({ view }) => indexable('attention', view.shape));
  return {
    attention(inputs, attributes, outputs) {
      const [q, k, v] = inputs;
      const { mask, draws } = optional(inputs, 3, attributes);
      const [y, logs] = outputs;
      check(q, k, v, y);
      const [rows, columns] = y.view.shape.slice(-2);
      if (sizeOf(logs.view.shape) === 0) return;
      const given: [Name, Operand][] = [
        ['Q', q],
        ['K', k],
        ['V', v],
      ];
      if (mask) given.push(['mask', mask]);
      run(
        'attention',
        given,
        attributes,
        pack(draws),
        [
          ['Y', y],
          ['L', logs],
        ],
        rows,
        Math.max(1, columns),
        forward,
      );
    },
    attentionGradient(inputs, attributes, outputs) {
      const [q, k, v, logs, dy, delta] = inputs;
      const { mask, draws } = optional(inputs, 6, attributes);
      if (7 + (mask ? 1 : 0) + draws.length / 2 > most) {
        return runDecomposed(runtime, kernels(), composites.attentionGradient, inputs, attributes, outputs);
      }
      const [dq, dk, dv] = outputs;
      check(q, k, v, dy);
      if ([dq, dk, dv].some(({ view }) => sizeOf(view.shape) === 0)) return clear(runtime, [dq, dk, dv]);
      const named: [Name, Operand][] = [
        ['Q', q],
        ['K', k],
        ['V', v],
        ['G', dy],
        ['logs', logs],
        ['delta', delta],
      ];
      if (mask) named.push(['mask', mask]);
      const [rows, keys] = [q.view.shape.at(-2)!, k.view.shape.at(-2)!];
      const without = named.filter(([name]) => name !== 'V' && name !== 'delta');
      const drawn = pack(draws);
      run('attentionGradient|q', named, attributes, drawn, [['Y', dq]], rows, q.view.shape.at(-1)!, queryGradient);
      run('attentionGradient|k', named, attributes, drawn, [['Y', dk]], keys, q.view.shape.at(-1)!, (form) => keyGradient(form, 'K'));
      run('attentionGradient|v', without, attributes, drawn, [['Y', dv]], keys, v.view.shape.at(-1)!, (form) => keyGradient(form, 'V'));
    },
  };
}

/** Merged axes, of which there is one where all have gone. */
function atLeastOne(shape: readonly number[], strides: readonly (readonly number[])[]): Axes {
  const merged = mergeAxes(shape, strides);
  return merged.lengths.length ? merged : { lengths: [1], strides: strides.map(() => [0]) };
}

/** The stride along an axis counted from the last; 0 where there is one element or none such axis. */
function stride({ shape, strides }: Operand['view'], axis: -1 | -2): number {
  return (shape.at(axis) ?? 1) === 1 ? 0 : strides.at(axis)!;
}

/** The strides along the leading axes of all, of an operand that may stretch over some or lack them. */
function leading(strides: readonly number[], shape: readonly number[], lead: readonly number[], rank: number): number[] {
  const own = shape.slice(0, Math.max(0, shape.length - rank));
  return lead.map((length, axis) => {
    const at = axis - (lead.length - own.length);
    return at < 0 || (own[at] === 1 && length !== 1) ? 0 : strides[at];
  });
}
