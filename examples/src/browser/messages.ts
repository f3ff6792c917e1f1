// What the page and the worker that trains say to each other.

export type BackendName = 'wasm' | 'webgpu';
export type SetName = 'digits' | 'fashion-mnist';

/** What training goes on with when the device is lost: the same backend, where it comes back, or WebAssembly. */
export type AfterLoss = 'same' | 'wasm';

/** A picture `[28, 28, 1]`, from 0 to 1. */
export type Picture = Float32Array<ArrayBuffer>;

export interface Settings {
  readonly set: SetName;
  readonly backend: BackendName;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

export type ToWorker =
  | { readonly type: 'start'; readonly settings: Settings }
  | { readonly type: 'pause' | 'resume' | 'stop' | 'loseDevice' }
  | { readonly type: 'afterLoss'; readonly choice: AfterLoss }
  /** Begins anew with a set: nothing is trained, nothing fetched but the names of its classes. */
  | { readonly type: 'choose'; readonly set: SetName }
  | { readonly type: 'classify'; readonly picture: Picture | undefined }
  | { readonly type: 'sample'; readonly set: SetName };

/** Whether a backend works here, if only on the processor where it is made for graphics cards; if not, why. */
export interface Availability {
  readonly name: BackendName;
  readonly software: boolean;
  readonly reason?: string;
}

/** Means of loss and accuracy at a place counted in epochs. */
export interface Point {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

export type FromWorker =
  | { readonly type: 'backends'; readonly backends: readonly Availability[] }
  | { readonly type: 'chosen'; readonly classes: readonly string[] }
  | { readonly type: 'loading'; readonly set: SetName; readonly share: number }
  | { readonly type: 'begun'; readonly device: string; readonly examples: readonly [number, number] }
  /** Over the last steps. */
  | { readonly type: 'learned'; readonly point: Point; readonly examplesPerSecond: number }
  /** Over the held-out pictures; `matrix[i][j]` counts those of class i taken for class j. */
  | { readonly type: 'measured'; readonly point: Point; readonly matrix: readonly (readonly number[])[] }
  | { readonly type: 'lost'; readonly reason: string; readonly device: string; readonly epoch: number }
  | { readonly type: 'ended'; readonly how: 'done' | 'stopped' | 'aborted' }
  | { readonly type: 'failed'; readonly reason: string }
  /** No probabilities where nothing was trained yet. */
  | { readonly type: 'classified'; readonly probabilities: readonly number[] | undefined }
  | { readonly type: 'sampled'; readonly picture: Picture; readonly label: number };
