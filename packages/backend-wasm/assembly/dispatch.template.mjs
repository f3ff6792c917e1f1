// Finds the kernels that index.ts exports with what they take, and writes the function that calls each by its number.

const letters = { i32: 'i', u32: 'i', usize: 'i', u16: 'h', u8: 'b', f32: 'f', f64: 'd', void: '' };

/** What runs programs is no kernel. */
const running = new Set(['back-off', 'control', 'program', 'worker']);

/** The kernels that index.ts exports: by their names, the file, and the letters of what they take and give. */
export function exportedKernels(texts) {
  const kernels = new Map();
  for (const [, chosen, file] of texts.get('index.ts').matchAll(/^export (\*|\{[^}]*\}) from '\.\/([\w-]+)';/gm)) {
    if (running.has(file)) continue;
    const names = chosen === '*' ? undefined : new Set(chosen.match(/\w+/g));
    for (const [, name, list, result] of texts.get(`${file}.ts`).matchAll(/^export function (\w+)\(([^)]*)\)\s*:\s*(\w+)/gm)) {
      if (names && !names.has(name)) continue;
      const parameters = [...list.matchAll(/:\s*(\w+)/g)].map(([, type]) => letters[type]).join('');
      kernels.set(name, { file, parameters, result: letters[result] });
    }
  }
  // Those that take the same lie together.
  return new Map([...kernels].sort(([, a], [, b]) => (a.parameters < b.parameters ? -1 : a.parameters > b.parameters ? 1 : 0)));
}

const loads = { i: 'load<i32>', h: 'load<u16>', b: 'load<u8>', f: 'load<f32>', d: 'load<f64>' };

/** `invoke(kernel, p)`: calls the kernel of that number with what lies from p on, eight bytes for each parameter. */
export function dispatch(kernels) {
  const called = [...kernels].filter(([, { result }]) => result === '');
  const files = [...new Set(called.map(([, { file }]) => file))];
  const namesOf = (file) => called.flatMap(([name, kernel]) => (kernel.file === file ? [name] : []));
  const cases = called.map(([name, { parameters }], number) => {
    const values = [...parameters].map((letter, place) => `${loads[letter]}(p, ${place * 8})`);
    return `    case ${number}: ${name}(${values.join(', ')}); break;`;
  });
  return `
// Generated from dispatch.template.mjs.
${files.map((file) => `import { ${namesOf(file).join(', ')} } from './${file}';`).join('\n')}

export function invoke(kernel: i32, p: usize): void {
  switch (kernel) {
${cases.join('\n')}
    default: unreachable();
  }
}
`;
}
