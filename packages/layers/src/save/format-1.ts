import type { Json } from '../options/json.ts';
import type { Description } from './save-model.ts';

/** How files of the first version say what they are. */
export const FORMAT_1 = 'tessera-model-1';

interface Described {
  readonly className: string;
  readonly config: Readonly<Record<string, Json>>;
}

interface Graph {
  readonly single: boolean;
  readonly layers: readonly (Described & { readonly name: string })[];
  readonly nodes: readonly {
    readonly shape: readonly number[];
    readonly layer: string | null;
    readonly merge: { readonly className: string; readonly axis?: number } | null;
    readonly inputs: readonly number[];
  }[];
  readonly inputs: number;
  readonly outputs: readonly number[];
}

/** The description of a file of the first version, as files are described now: merges become layers, names of options stay. */
export function fromFormat1({ className, config, inputShape }: Described & { readonly inputShape: readonly number[] }): Description {
  const modules: Described[] = [];
  const add = (described: Described): number => modules.push(convert(described)) - 1;
  const convert = ({ className, config }: Described): Described => {
    if (className === 'Sequential') {
      const layers = (config['layers'] as unknown as readonly Described[]).map((layer) => ({ module: add(layer) }));
      return { className, config: { ...config, layers } };
    }
    return className === 'Model' ? { className, config: graph(config as never) } : { className, config };
  };
  const graph = ({ single, layers, nodes, inputs, outputs, ...options }: Graph): Record<string, Json> => {
    const places = new Map(layers.map((layer) => [layer.name, add({ ...layer, config: { ...layer.config, name: layer.name } })]));
    const calls = nodes.slice(inputs).map(({ layer, merge, inputs: given }): Json => {
      const values = given.map((at) => ({ $: at }));
      if (layer !== null) return { layer: { module: places.get(layer)! }, args: [values[0]!] };
      const { className, axis } = merge!;
      return { layer: { module: add({ className, config: axis === undefined ? {} : { axis } }) }, args: [values] };
    });
    const specs = nodes.slice(0, inputs).map(({ shape }) => ({ shape, dtype: 'float32' }));
    const results = outputs.map((at) => ({ $: at }));
    return { ...options, inputs: inputs === 1 ? specs[0]! : specs, constants: [], calls, outputs: single ? results[0]! : results };
  };
  const root = add({ className, config });
  return { modules, root, input: { shape: inputShape, dtype: 'float32' }, frozen: {} };
}
