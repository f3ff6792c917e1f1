// npm start and npm run example NAME: sets up what is missing and runs an example from its sources.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

const folder = join(root, 'examples', 'src');
const [name, ...rest] = process.argv.slice(2);
const file = [join(folder, String(name), 'main.ts'), join(folder, `${name}.ts`)].find((path) => existsSync(path));
if (!name || !file) {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return existsSync(join(folder, entry.name, 'main.ts')) ? [entry.name] : [];
    return entry.name.startsWith('digits-') ? [entry.name.replace('.ts', '')] : [];
  });
  const start = readdirSync(join(folder, 'start')).filter((file) => file.endsWith('.ts') && file !== 'is-main.ts');
  names.push(...start.map((file) => `start/${file.replace('.ts', '')}`));
  console.error(`There is no example ${name ?? ''}. There are: ${names.join(', ')}`);
  process.exit(1);
}
setup();
run(process.execPath, ['--conditions=@tessera/source', '--import', 'tsx', file, ...rest]);
