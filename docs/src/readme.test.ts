import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'docs', '.examples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** The examples of each README, in a file each. */
const examples = ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)].map((readme) => {
  const blocks = [...readFileSync(join(root, readme), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
  const files = blocks.map((code, i) => {
    const file = join(folder, `${readme.replaceAll(/[^a-z0-9]+/gi, '-')}-${i}.ts`);
    writeFileSync(file, code);
    return file;
  });
  return { readme, files };
});

describe('the examples of the READMEs run', () => {
  for (const { readme, files } of examples) {
    it(readme, async () => {
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) await import(file);
    });
  }
});

it('the examples of the READMEs compile', () => {
  const config = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = examples.flatMap((example) => example.files);
  const program = ts.createProgram(files, { ...options, declaration: false, isolatedDeclarations: false });
  const problems = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  expect(
    ts.formatDiagnostics(problems, { getCanonicalFileName: (name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' }),
  ).toBe('');
});
