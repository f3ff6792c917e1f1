import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whether Node was started with this module, given by its URL: examples train then, and only define their model where they are imported. */
export function isMain(url: string): boolean {
  const [, main] = process.argv;
  return main !== undefined && realpathSync(main) === fileURLToPath(url);
}
