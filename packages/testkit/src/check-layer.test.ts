import { cpu } from '@tessera/backend-cpu';
import { dropout, Random, tensor, type Tensor, Variable, withMask, withNothing, zeros } from '@tessera/tensor';
import { describe, expect, it } from 'vitest';
import { checkLayer } from './check-layer.ts';
import type { LayerLike } from './layer/layer-like.ts';

/** What a call is for. */
interface Given {
  readonly training?: boolean;
  readonly random?: Random;
}

/** y = x·factor, with what a fault does otherwise. */
class Scale implements LayerLike {
  static readonly className = 'Scale';
  readonly className: string = Scale.className;
  factor: Variable = new Variable(tensor([2, 3]), { name: 'factor' });
  readonly count: Variable = new Variable(zeros([]), { name: 'count', trainable: false });
  build(): void {}
  apply(x: Tensor, { training = false }: Given = {}): unknown {
    if (training) this.count.assign(this.count.read().add(1));
    return x.mul(this.factor.read());
  }
  outputSpec(shape: readonly number[]): unknown {
    return { shape, dtype: 'float32' };
  }
  variables(): Record<string, Variable> {
    return { factor: this.factor, count: this.count };
  }
  trainableVariables(): Record<string, Variable> {
    return { factor: this.factor };
  }
}
type Apply = (x: Tensor, given?: Given) => unknown;
const scaled = (layer: Scale, f: (y: Tensor, given: Given) => unknown): { apply: Apply } => {
  const apply = layer.apply.bind(layer) as (x: Tensor, given: Given) => Tensor;
  return { apply: (x, given = {}) => f(apply(x, given), given) };
};
const drop = (y: Tensor, random: Random): Tensor => dropout(y, 0.5, random);
let starts = 0;
const faults: Record<string, [change: (layer: Scale) => object, message: RegExp | undefined, input?: readonly number[]]> = {
  none: [() => ({}), undefined],
  'nothing, though it drops': [(l) => scaled(l, (y, { training, random }) => (training ? drop(y, random!) : y)), undefined],
  'a gradient that is cut off': [(l) => ({ apply: (x: Tensor) => x.add(l.factor.read().mul(0)) }), /a gradient must reach factor/],
  'a gradient that is not finite': [(l) => scaled(l, (y) => y.mul(0).abs().sqrt()), /the gradient of factor must be finite/],
  'a shape foretold wrongly': [
    () => ({ outputSpec: () => ({ shape: [3], dtype: 'float32' }) }),
    /the output for a batch of 3 must be float32 \[3, 3\]: got float32 \[3, 2\]/,
  ],
  'a tree foretold wrongly': [
    () => ({ outputSpec: (shape: readonly number[]) => ({ y: { shape, dtype: 'int32' } }) }),
    /must be y: int32 \[3, 2\]: got float32 \[3, 2\]/,
  ],
  'a state beside its variables': [
    (l) => {
      let calls = 0;
      return scaled(l, (y) => y.add(calls++));
    },
    /called twice\] element 0/,
  ],
  'a start of its own': [() => ({ factor: new Variable(tensor([starts++, 3])) }), /built again from the same seed: factor\] element 0/],
  'a first value that is traced': [
    (l) => ({
      factor: undefined,
      count: undefined,
      apply(x: Tensor) {
        l.factor ??= new Variable(tensor([1, 1]).add(1));
        return x.mul(l.factor.read());
      },
      build: () => (l.factor = new Variable(tensor([2, 2]))),
      variables: () => ({ factor: l.factor }),
      trainableVariables: () => ({ factor: l.factor }),
    }),
    /built by its first call, in a loop\] must work as a plain call does/,
  ],
  'dropout that ignores training': [
    (l) => scaled(l, (y) => drop(y, new Random(1))),
    /nothing must be drawn outside of training. Ask context.training/,
  ],
  'a source of random numbers made in the call': [
    (l) => scaled(l, (y, { training }) => (training ? drop(y, new Random(1)) : y)),
    /what is drawn in training must be drawn from the source given. Use context.random/,
  ],
  'a source of random numbers that it closes over': [
    (l) => {
      const random = new Random(1);
      return scaled(l, (y, { training }) => (training ? drop(y, random) : y));
    },
    /in training, once more from the same source of random numbers\] element/,
  ],
  'random numbers that nobody hears of': [
    (l) => scaled(l, (y, { training, random }) => (training ? y.mul(withNothing(() => random!.uniform([2]))) : y)),
    /in training, checkpointed, gradient of factor\] element/,
  ],
  'statistics assigned twice': [
    (l) => ({
      apply(x: Tensor, { training = false }: Given = {}) {
        // Past the door, where nobody hears of it.
        if (training) withNothing(() => l.count.replace(l.count.peek().add(1)));
        return x.mul(l.factor.read());
      },
    }),
    /in training, checkpointed, count afterwards\] element 0 of \[\] must be 1: got 2/,
  ],
  'a mask that it says it hands on': [
    (l) => ({ supportsMask: true, ...scaled(l, (y) => withMask(y, undefined)) }),
    /the mask of its output eagerly\] must be that of the input, since it says supportsMask: got none/,
    [4, 2],
  ],
  'a name that a minifier made': [
    () => ({ className: 'q' }),
    /the class must have a name for files, since minifiers rename classes: static readonly className = '…'/,
  ],
};
const changed = (change: (layer: Scale) => object): Scale => {
  const layer = new Scale();
  return Object.assign(layer, change(layer));
};
const copied = (change: (layer: Scale) => object, from: Scale): Scale => {
  const layer = changed(change);
  for (const [path, variable] of Object.entries(layer.variables())) variable.assign(from.variables()[path]!.peek());
  return layer;
};

describe('checkLayer finds the fault that was planted', () => {
  for (const [name, [change, message, input = [2]]] of Object.entries(faults)) {
    it(name === 'none' ? 'none where there is none' : name, async () => {
      const check = checkLayer({ make: () => changed(change), input, reload: (layer) => copied(change, layer) }, cpu());
      await (message ? expect(check).rejects.toThrow(message) : check);
    });
  }

  it('in what is saved', async () => {
    const offset = (by: number) => (l: Scale) => scaled(l, (y) => y.add(by));
    const dropping = (rate: number) => (l: Scale) => scaled(l, (y, { training, random }) => (training ? dropout(y, rate, random!) : y));
    const cases: [saved: (l: Scale) => object, loaded: (l: Scale) => object, message: RegExp][] = [
      [offset(1), offset(0), /Scale on cpu saved and loaded\] element 0/],
      [dropping(0.4), dropping(0.7), /Scale on cpu saved and loaded, in training\] element/],
      [() => ({}), (l) => ({ variables: () => ({ factor: l.factor }) }), /variables must be count, factor: got factor/],
    ];
    for (const [saved, loaded, message] of cases) {
      const check = checkLayer({ make: () => changed(saved), input: [2], reload: (layer) => copied(loaded, layer) }, cpu());
      await expect(check).rejects.toThrow(message);
    }
  });

  it('values of a record taken by position', async () => {
    const make = (): Scale => changed((l) => ({ apply: (x: Record<string, Tensor>) => takeByPosition(l, x) }));
    const takeByPosition = (l: Scale, x: Record<string, Tensor>): Tensor => Object.values(x)[0]!.mul(l.factor.read());
    const input = { a: [2], b: [2] };
    const outputs = { outputSpec: () => ({ shape: [2], dtype: 'float32' }) };
    const check = checkLayer({ make: () => Object.assign(make(), outputs), input, reload: (layer) => layer }, cpu());
    await expect(check).rejects.toThrow(/with the keys of its input in another order\] element 0/);
  });
});
