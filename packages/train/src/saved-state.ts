import { StateError } from '@tessera/core';
import type { Json } from '@tessera/layers';
import type { LearnerLayout } from './learner-state.ts';

/** Where training stands. */
export interface Position {
  /** Epochs finished. */
  epoch: number;
  /** Batches done of the next. */
  batch: number;
  /** Where the fit began that is running or was interrupted, in epochs; `null` where none was. */
  from: number | null;
  /** How that fit cuts its data into batches. */
  batches: Json;
}

/** What a trainer's state says beside its tensors. */
export interface SavedState extends Position, LearnerLayout {
  /** The specs of the models' inputs. */
  readonly inputs: Readonly<Record<string, Json>>;
}

const FORMAT = 'tessera-trainer-2';

/** What files hold of a state beside its tensors. */
export function metadataOf(state: SavedState): Record<string, string> {
  return { format: FORMAT, state: JSON.stringify(state) };
}

/** The state that a file holds beside its tensors. @throws StateError where the file is none that a trainer saved. */
export function stateOf(metadata: ReadonlyMap<string, string>): SavedState {
  const format = metadata.get('format');
  if (format === 'tessera-trainer-1') {
    throw new StateError(
      "[restore] the state was saved by an earlier version, which named nothing. Take up the model's weights: loadWeights(model, bytes, { strict: false, rename: (name) => name.startsWith('model.') ? name.slice(6) : undefined }).",
    );
  }
  const state = format === FORMAT ? parse(metadata.get('state')) : undefined;
  if (
    state &&
    isCount(state.epoch) &&
    isCount(state.batch) &&
    (state.from === null || isCount(state.from)) &&
    isRecord(state.phases) &&
    isRecord(state.inputs)
  ) {
    return state;
  }
  throw new StateError(`[restore] the file must be one that save made: got format ${format ?? 'none'}`);
}

function parse(text: string | undefined): SavedState | undefined {
  try {
    const state: unknown = JSON.parse(text ?? '');
    return isRecord(state) ? (state as never) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Checks that an epoch that was interrupted goes on with the batches that it began with: others would leave examples out. @throws StateError that names what differs. */
export function expectSameBatches({ batch, batches: before }: Position, now: Json): void {
  if (batch === 0 || before === null) return;
  const [a, b] = [before, now] as Readonly<Record<string, Json>>[];
  const differs = Object.keys(b!).find((key) => JSON.stringify(a![key]) !== JSON.stringify(b![key]));
  if (differs === undefined) return;
  throw new StateError(
    `[fit] an epoch that was interrupted goes on with the same batches: ${differs} was ${JSON.stringify(a![differs])}, got ${JSON.stringify(b![differs])}. Use a new trainer and loadWeights to begin anew.`,
  );
}
