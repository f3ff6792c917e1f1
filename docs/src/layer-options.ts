import * as layers from '@tessera/layers';

type Row = layers.Option<never>;

/** What a class of layers says of itself. */
interface Described {
  readonly className: string;
  readonly positional?: readonly string[];
  readonly options?: Readonly<Record<string, Row>>;
}

/** A table of every layer's options, made of what their classes say of them. */
export function layerOptions(): string {
  const classes = Object.values(layers).filter(
    (value): value is typeof value & Described => typeof value === 'function' && 'className' in value,
  );
  const sections = classes
    .sort((a, b) => a.className.localeCompare(b.className))
    .map(({ className, positional = [], options = {} }) => {
      const call = `new ${className}(${[...positional, 'options'].join(', ')})`;
      const rows = Object.entries(options).map(([name, row]) => `| \`${name}\` | ${row.must.replaceAll('|', '\\|')} | ${byDefault(row)} |`);
      const table = ['| option | must be | default |', '|---|---|---|', ...rows].join('\n');
      return `## ${className}\n\n\`${call}\`${rows.length ? `\n\n${table}` : ''}`;
    });
  return `# Layers and their options\n\nMade from the layers themselves. Every layer also takes \`name\` and \`trainable\`.\n\n${sections.join('\n\n')}\n`;
}

function byDefault(row: Row): string {
  if (row.default === undefined) return row.optional ? 'none' : 'must be given';
  const json: unknown = row.save ? row.save(row.default, { module: () => null }) : row.default;
  const { name, args } = (json ?? {}) as { name?: string; args?: readonly unknown[] };
  return `\`${name && args ? `${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})` : typeof json === 'string' ? json : JSON.stringify(json)}\``;
}
