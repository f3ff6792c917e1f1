import { join } from './children.ts';
import type { AnyModule } from './module.ts';

/** A module and those inside it, each once, with the first path at which it stands: '' for the module itself. */
export function modulesOf(root: AnyModule): [path: string, module: AnyModule][] {
  const found = new Map<AnyModule, string>();
  const visited = new Set<AnyModule>();
  const note = (module: AnyModule, path: string): void => void (found.has(module) || found.set(module, path));
  const visit = (module: AnyModule, path: string): void => {
    if (visited.has(module)) return;
    visited.add(module);
    note(module, path);
    for (const [name, part] of Object.entries(module.cutModules())) note(part, join(path, name));
    for (const [name, child] of Object.entries(module.children())) visit(child, join(path, name));
  };
  visit(root, '');
  return [...found].map(([module, path]) => [path, module]);
}
