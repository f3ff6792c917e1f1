import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { root } from './setup.mjs';

/** The installed packages that a module, or one that it imports statically, imports statically. */
async function importedPackages(module) {
  const { metafile } = await build({
    entryPoints: [module],
    absWorkingDir: root,
    outdir: root,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
  });
  const [entry] = Object.values(metafile.outputs).map(({ entryPoint }) => entryPoint);
  const [found, seen, next] = [new Set(), new Set(), [entry]];
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { path: imported, kind, external } of metafile.inputs[path].imports) {
      if (kind !== 'import-statement') continue;
      if (!external) next.push(imported);
      else if (!isBuiltin(imported)) found.add(imported);
    }
  }
  return [...found];
}

/** The modules that a line of a shell starts with Node. What else it starts counts as installed, so it must come after setup.mjs. */
function modulesOf(script) {
  const modules = [];
  for (const command of script.split('&&').map((part) => part.trim().split(' '))) {
    if (command[0] === 'node') modules.push(command[1]);
    else if (!modules.includes('scripts/setup.mjs')) throw new Error(`${command[0]} runs before node scripts/setup.mjs`);
  }
  return modules;
}

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('scripts of package.json can be the first command in a clone', () => {
  for (const [name, script] of Object.entries(scripts)) {
    it(name, async () => {
      for (const module of modulesOf(script)) expect(await importedPackages(module)).toEqual([]);
    });
  }

  it('is not so where a tool comes first, or where a package is imported, be it by another module', async () => {
    expect(() => modulesOf('oxlint && node scripts/setup.mjs')).toThrow('oxlint runs before');
    const folder = mkdtempSync(join(tmpdir(), 'setup-'));
    writeFileSync(join(folder, 'first.mjs'), "import 'node:fs'; import './second.mjs'; await import('dynamic');");
    writeFileSync(join(folder, 'second.mjs'), "import { build } from 'esbuild'; export * from '@scope/name/part';");
    expect(await importedPackages(join(folder, 'first.mjs'))).toEqual(['esbuild', '@scope/name/part']);
  });
});
