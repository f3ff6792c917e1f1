import { defineConfig } from 'tsup';

/** How every package is built: ESM with declarations, sources resolved through the packages' own `dist`. */
export function library(entry: string[] | Record<string, string> = ['src/index.ts']): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: ['esm'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'es2022',
    platform: 'neutral',
    external: [/^node:/, /^@tessera\//],
  });
}
