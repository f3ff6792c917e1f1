import { expect, it } from 'vitest';
import { reasonOf } from './reason.ts';

it('is the first sentence, without who says it', () => {
  expect(reasonOf(new Error('[webgpu] the device was lost (unknown): A driver. Make another one.'))).toBe(
    'the device was lost (unknown): A driver.',
  );
  expect(reasonOf('broken')).toBe('broken');
});
