/** What an error says to those who do not program: neither who says it nor the way out. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^\[\w+\] /, '').replace(/\. .*/s, '.');
}
