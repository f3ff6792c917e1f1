// Finds the nuclei in images of cells, pixel by pixel.
import { wasm } from '@tessera/backend-wasm';
import { BatchNormalization, Conv2D, Conv2DTranspose, MaxPooling2D, Module, type Options, rows, Sequential } from '@tessera/layers';
import { binaryCrossEntropy } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { concat, relu, setDefaultBackend, sigmoid, type Tensor } from '@tessera/tensor';
import { compile, type StepOptions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { cells } from './data/cells.ts';
import { isMain } from './is-main.ts';

class Block extends Module {
  private readonly layers: Sequential;
  constructor(filters: number) {
    super();
    const conv = (activation?: typeof relu): Conv2D => new Conv2D(filters, 3, { padding: 'same', activation });
    this.layers = new Sequential([conv(), new BatchNormalization({ momentum: 0.9 }), conv(relu)]);
  }
  override call(x: Tensor): Tensor {
    return this.layers.apply(x);
  }
}

export class UNet extends Module {
  static readonly className = 'UNet';
  static readonly options: Options<{ base: number; depth: number }> = { base: rows.count(), depth: rows.count() };
  private readonly down: readonly Block[];
  private readonly up: readonly { readonly grow: Conv2DTranspose; readonly block: Block }[];
  private readonly pool = new MaxPooling2D(2);
  private readonly out = new Conv2D(1, 1, { activation: sigmoid });
  constructor({ base = 8, depth = 4 }: { base?: number; depth?: number } = {}) {
    super({ base, depth });
    const widths = Array.from({ length: depth + 1 }, (_, i) => base * 2 ** i);
    this.down = widths.map((width) => new Block(width));
    this.up = widths.slice(0, -1).map((width) => ({ grow: new Conv2DTranspose(width, 2, { strides: 2 }), block: new Block(width) }));
  }
  override call(x: Tensor): Tensor {
    const skips = [this.down[0]!.apply(x)];
    for (const block of this.down.slice(1)) skips.push(block.apply(this.pool.apply(skips.at(-1)!)));
    let y = skips.pop()!;
    for (const { grow, block } of this.up.toReversed()) y = block.apply(concat([grow.apply(y), skips.pop()!], -1));
    return this.out.apply(y);
  }
}

export function makeTrainer(model: UNet = new UNet(), options: StepOptions = {}): Trainer<SupervisedColumns<Tensor, Tensor>> {
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam(), ...options });
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  await makeTrainer().fit(await cells(128), { epochs: 5, batchSize: 8, callbacks: [progress()] });
}
