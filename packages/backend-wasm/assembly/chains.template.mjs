// Chains of element-wise instructions that are known beforehand, each in one loop that keeps everything between them in registers. A
// fused op in which one is found does it by such a call; whatever other instructions it has go tile by tile as ever.
import { binary, comparison, unary } from './elementwise.template.mjs';

/** Adam's step without the last sum, as optim's `adam` writes it: m, g and v are vectors, what is small and what is decayed by are numbers. */
const adam = `
  a = mul(M, decayOfMean)
  b = mul(G, shareOfMean)
  c = add(a, b)
  d = abs(c)
  e = less(d, leastMean)
  mean = select(e, zero, c)
  f = mul(V, decayOfSquare)
  g = mul(G, G)
  h = mul(g, shareOfSquare)
  i = add(f, h)
  j = abs(i)
  k = less(j, leastSquare)
  square = select(k, zero, i)
  l = mul(mean, size)
  m = sqrt(square)
  n = mul(m, scale)
  o = add(n, epsilon)
  p = div(l, o)`;

/** The gradient of geluTanh, as core's rule writes it. */
const geluTanhGradient = `
  a = mul(X, X)
  b = mul(a, cube)
  c = add(b, slope)
  d = mul(X, c)
  t = tanh(d)
  e = mul(a, cubeOfSlope)
  f = add(e, slope)
  g = add(t, one)
  h = mul(t, t)
  i = sub(one, h)
  j = mul(X, i)
  k = mul(j, f)
  l = add(g, k)
  m = mul(l, half)
  dx = mul(G, m)`;

/** The chains' instructions, and which of their values are kept. Vectors that are read have capitals; other names that are read are numbers. */
const table = {
  adam: [`${adam}\n  parameter = add(X, p)`, ['mean', 'square', 'parameter']],
  // The gradient of relu, by what relu gave.
  reluGradient: ['stopped = lessEqual(Y, zero)\n  slope = select(stopped, zero, G)', ['slope']],
  geluTanhGradient: [geluTanhGradient, ['dx']],
  adamw: [`${adam}\n  q = mul(X, decay)\n  r = sub(p, q)\n  parameter = add(X, r)`, ['mean', 'square', 'parameter']],
};

const isVector = (name) => /^[A-Z]/.test(name);

function parse([text, kept]) {
  const steps = [...text.matchAll(/(\w+) = (\w+)\(([^)]*)\)/g)].map(([, name, op, list]) => ({ name, op, given: list.split(', ') }));
  const made = new Set(steps.map(({ name }) => name));
  const read = [...new Set(steps.flatMap(({ given }) => given))].filter((name) => !made.has(name));
  return { steps, read, kept };
}

/** An instruction on vectors. */
function expressionOf(op, [a, b, c]) {
  if (op === 'select') return `v128.bitselect(${b}, ${c}, ${a})`;
  if (comparison[op]) return `f32x4.${comparison[op][1]}(${a}, ${b})`;
  if (unary.f32[op]) return unary.f32[op][1].replace(/\bX\b/g, a);
  return binary.f32[op][1].replace(/\bA\b/g, a).replace(/\bB\b/g, b);
}

/** The kernel of a chain: (n, what is read in the order of its first use, what is kept). */
function kernelOf(name, { steps, read, kept }) {
  const vectors = read.filter(isVector);
  const parameters = ['n: i32', ...read.map((x) => `p${x}: usize`), ...kept.map((y) => `y${y}: usize`)];
  const pointers = [...vectors.map((x) => `p${x}`), ...kept.map((y) => `y${y}`)];
  const loop = (bytes, load, store) => `
    ${vectors.map((x) => `const ${x} = ${load}(p${x});`).join(' ')}
    ${steps.map(({ name: y, op, given }) => `const ${y} = ${expressionOf(op, given)};`).join('\n    ')}
    ${kept.map((y) => store(`y${y}`, y)).join(' ')}
    ${pointers.map((p) => `${p} += ${bytes};`).join(' ')}`;
  return `export function ${name}(${parameters.join(', ')}): void {
  ${read.flatMap((x) => (isVector(x) ? [] : [`const ${x} = v128.load_splat<f32>(p${x});`])).join(' ')}
  for (; n >= 4; n -= 4) {${loop(16, 'v128.load', (p, y) => `v128.store(${p}, ${y});`)}
  }
  for (; n > 0; n--) {${loop(4, 'v128.load_splat<f32>', (p, y) => `v128.store_lane<f32>(${p}, ${y}, 0);`)}
  }
}
`;
}

export function chains() {
  return `
// Generated from chains.template.mjs.
import { vmax, vmin } from './simd';
import { vtanh } from './vector-functions';
${Object.entries(table)
  .map(([name, row]) => kernelOf(`${name}_chain`, parse(row)))
  .join('')}`;
}

/** The chains as `Chain` in src/generated/names.ts describes them. */
export function chainPatterns() {
  return Object.entries(table).map(([name, row]) => {
    const { steps, read, kept } = parse(row);
    const places = new Map([
      ...read.map((x, i) => [x, `${isVector(x) ? 'v' : 'n'}${i}`]),
      ...steps.map(({ name: y }, i) => [y, String(i)]),
    ]);
    return {
      kernel: `${name}_chain`,
      steps: steps.map(({ op, given }) => [op, ...given.map((x) => places.get(x))].join(' ')).join(),
      length: steps.length,
      outputs: kept.map((y) => Number(places.get(y))),
    };
  });
}
