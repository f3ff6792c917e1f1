import { expect, test } from 'vitest';
import { message } from './protobuf.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// https://protobuf.dev/programming-guides/encoding/ has the first, the second and the fourth.
test('numbers, text, floats and messages are written as the format says', () => {
  expect(hex(message([[1, 150]]))).toBe('089601');
  expect(hex(message([[2, 'testing']]))).toBe('120774657374696e67');
  expect(hex(message([[2, { float: 1 }]]))).toBe('150000803f');
  expect(hex(message([[3, message([[1, 150]])]]))).toBe('1a03089601');
  expect(hex(message([[1, -1n]]))).toBe('08ffffffffffffffffff01');
});
