import { valueAndGrad } from '@tessera/autograd';
import { type WasmOptions, wasm } from '@tessera/backend-wasm';
import { ArrayDataset } from '@tessera/data';
import { Conv2D, Dense, Dropout, Flatten, MaxPooling2D, saveModel, Sequential } from '@tessera/layers';
import { crossEntropy } from '@tessera/losses';
import { accuracy } from '@tessera/metrics';
import { adam } from '@tessera/optim';
import { relu, setDefaultBackend, softmax, tensor, type Tensor } from '@tessera/tensor';
import { compile } from '@tessera/train';

/** What a run ends with; equal wherever it ran. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly predicted: readonly number[];
  /** SHA-256 of the saved model. */
  readonly model: string;
  readonly liveBytesAfterDispose: number;
}

/** Trains the convolutional network for two epochs on images made up here, and saves it. The same program everywhere. */
export async function program(options: WasmOptions = {}): Promise<Outcome> {
  const backend = await wasm(options);
  setDefaultBackend(backend);
  const y = Uint8Array.from({ length: 96 }, (_, n) => n % 3);
  // Speckled, with one of three bands of rows bright.
  const x = Float32Array.from({ length: 96 * 64 }, (_, i) => ((i * 7919) % 256) / 510 + Number(Math.floor((i % 64) / 24) === y[i >> 6]));
  const model = new Sequential(
    [new Conv2D(8, 3, { activation: relu }), new MaxPooling2D(2), new Flatten(), new Dropout(0.25), new Dense(3, { activation: softmax })],
    { inputShape: [8, 8, 1] },
  );
  const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), metrics: [accuracy()] });
  const data = new ArrayDataset({ x: { data: x, shape: [96, 8, 8, 1] }, y: { data: y, shape: [96] } });
  const history = await trainer.fit(data, { epochs: 2, batchSize: 16 });
  const { data: predicted } = await trainer.predict({ data: x.subarray(0, 128), shape: [2, 8, 8, 1] });
  // By hand as well: a gradient of a gradient.
  const slope = valueAndGrad((v: Tensor) => v.square().mul(v).sum())(tensor([1, 2]))[1];
  const bytes = await saveModel(model);
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  const losses = [...history.epochs.map((epoch) => epoch['loss']!), ...((await slope.array()) as number[])];
  backend.dispose();
  return {
    losses,
    predicted: [...predicted],
    model: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    liveBytesAfterDispose: backend.memory().liveBytes,
  };
}
