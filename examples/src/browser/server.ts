import type { Server } from 'node:http';
import { bundlePage, fileServer, type Served } from './bundled.ts';
import type { SetName } from './messages.ts';
import { type PictureFiles, sets } from './pictures.ts';

/** Files of the sets, which are loaded when first asked for. */
function pictureFiles(): (path: string) => Promise<Served | undefined> {
  const loaded = new Map<SetName, Promise<PictureFiles>>();
  const load = (name: SetName): Promise<PictureFiles> => {
    const known = loaded.get(name);
    if (known) return known;
    const loading = sets[name].load();
    loaded.set(name, loading);
    // So that the next request tries again.
    loading.catch(() => loaded.delete(name));
    return loading;
  };
  return async (path) => {
    const [, name, file] = /^\/data\/([a-z-]+)\/([a-z-]+)$/.exec(path) ?? [];
    if (!name || !file || !Object.hasOwn(sets, name)) return undefined;
    if (file === 'classes') return { type: 'application/json', body: JSON.stringify(sets[name as SetName].classes) };
    const files = await load(name as SetName);
    return Object.hasOwn(files, file) ? { type: 'application/octet-stream', body: files[file as keyof typeof files] } : undefined;
  };
}

/** A server of the page, not yet listening. `/?threads` is cross-origin isolated, so that WebAssembly may use threads; `/` is not. */
export async function pageServer(): Promise<Server> {
  const files = await bundlePage(new URL('.', import.meta.url), { entryPoints: ['page/page.ts', 'worker/worker.ts', 'style.css'] });
  const pictures = pictureFiles();
  return fileServer(
    (path) => files.get(path) ?? pictures(path),
    ({ searchParams }) => searchParams.has('threads'),
  );
}
