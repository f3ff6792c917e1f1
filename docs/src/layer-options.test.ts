import { expect, it } from 'vitest';
import { layerOptions } from './layer-options.ts';

// `npx vitest run docs -u` writes it anew.
it('the table of options is that of the layers', async () => {
  await expect(layerOptions()).toMatchFileSnapshot('../reference/layers.md');
});
