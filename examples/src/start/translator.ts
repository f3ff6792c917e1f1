// Translates English into German: an encoder, and a decoder that attends to what the encoder read. Padding is masked on both sides.
import { wasm } from '@tessera/backend-wasm';
import { AdditiveAttention, Dense, Embedding, GRU, Module, type Options, rows } from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { adam } from '@tessera/optim';
import { concat, notEqual, setDefaultBackend, type Tensor } from '@tessera/tensor';
import { compile, type StepOptions, type SupervisedColumns, type Trainer } from '@tessera/train';
import { progress } from '@tessera/train/node';
import { sentences } from './data/sentences.ts';
import { isMain } from './is-main.ts';

type Sentences = { readonly source: Tensor; readonly target: Tensor };

export class Translator extends Module<Sentences> {
  static readonly className = 'Translator';
  static readonly options: Options<{ vocabulary: number; units: number }> = { vocabulary: rows.count(), units: rows.count() };
  private readonly from: Embedding;
  private readonly into: Embedding;
  private readonly encoder: GRU;
  private readonly decoder: GRU;
  private readonly attention: AdditiveAttention;
  private readonly out: Dense;
  constructor({ vocabulary = 4000, units = 64 }: { vocabulary?: number; units?: number } = {}) {
    super({ vocabulary, units });
    [this.from, this.into] = [new Embedding(vocabulary, units), new Embedding(vocabulary, units)];
    [this.encoder, this.decoder] = [new GRU(units), new GRU(units)];
    this.attention = new AdditiveAttention(units, { dropout: 0.1 });
    this.out = new Dense(vocabulary);
  }
  override call({ source, target }: Sentences): Tensor {
    const mask = notEqual(source, 0);
    const memory = this.encoder.apply({ x: this.from.apply(source), mask });
    const { sequence } = this.decoder.apply({ x: this.into.apply(target), state: memory.state });
    const read = this.attention.apply({ query: sequence, key: memory.sequence, mask });
    return this.out.apply(concat([sequence, read], -1));
  }
}

export function makeTrainer(
  model: Translator = new Translator(),
  options: StepOptions = {},
): Trainer<SupervisedColumns<Sentences, Tensor>> {
  return compile(model, { loss: crossEntropy({ fromLogits: true, ignoreIndex: 0 }), optimizer: adam({ learningRate: 3e-3 }), ...options });
}

if (isMain(import.meta.url)) {
  setDefaultBackend(await wasm());
  await makeTrainer().fit(sentences(4000), { epochs: 3, batchSize: 32, callbacks: [progress()] });
}
