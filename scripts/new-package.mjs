// npm run new-package NAME FLOOR [DESCRIPTION]: a package from the template, with its floor.
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { floors } from './floors.mjs';
import { isMain, root as project } from './setup.mjs';

/** Makes packages/NAME under `root` and adds its row to the floors. */
export function newPackage(name, floor, description = 'To be described.', root = project) {
  if (!/^[a-z][a-z0-9-]*$/.test(name ?? '')) throw new Error(`The name must be lower case, digits and dashes: got ${name}`);
  if (!Number.isInteger(floor) || floor < 0 || floor > 6) throw new Error(`The floor must be a whole number from 0 to 6: got ${floor}`);
  const folder = join(root, 'packages', name);
  if (existsSync(folder) || name in floors) throw new Error(`There is a package ${name} already`);
  cpSync(join(project, 'templates', 'package'), folder, { recursive: true });
  const fill = (path) => {
    if (statSync(path).isDirectory()) return readdirSync(path).forEach((entry) => fill(join(path, entry)));
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replaceAll('NAMESPACE', name.replaceAll('-', '_')).replaceAll('NAME', name).replaceAll('DESCRIPTION', description),
    );
  };
  fill(folder);
  const table = join(root, 'scripts', 'floors.mjs');
  const row = `  ${/^[a-z]+$/.test(name) ? name : `'${name}'`}: ${floor},\n`;
  writeFileSync(table, readFileSync(table, 'utf8').replace(/(?= {2}\/\/ Beside the floors)/, row));
  return folder;
}

if (isMain(import.meta.url)) {
  const [name, floor, ...description] = process.argv.slice(2);
  console.log(
    `Made ${newPackage(name, Number(floor), description.join(' ') || undefined)}. Now: npm install, a size budget in scripts/check-packages.mjs, and npx changeset.`,
  );
}
