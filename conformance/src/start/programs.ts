import { type AnyModule, modulesOf } from '@tessera/layers';
import { ArrayDataset } from '@tessera/data';
import { cells } from '@tessera/examples/start/data/cells.ts';
import { digits, digitsWithInk } from '@tessera/examples/start/data/digits.ts';
import { ratings } from '@tessera/examples/start/data/ratings.ts';
import { sentences } from '@tessera/examples/start/data/sentences.ts';
import * as multiTask from '@tessera/examples/start/multi-task.ts';
import * as transfer from '@tessera/examples/start/transfer.ts';
import { makeTrainer as makeTranslator, Translator } from '@tessera/examples/start/translator.ts';
import { makeTrainer as makeRecommender, TwoTowers } from '@tessera/examples/start/two-towers.ts';
import { makeTrainer as makeSegmenter, UNet } from '@tessera/examples/start/u-net.ts';
import * as wganGp from '@tessera/examples/start/wgan-gp.ts';
import type { Examples, StepOptions, Trainer, ValuesTree } from '@tessera/train';

/** A program that users read first, with a model and data that are small. */
export interface Program {
  readonly name: string;
  /** A trainer of a model that has its first weights. */
  make(options?: StepOptions): Trainer;
  readonly data: Examples;
  /** The log that is to fall. */
  readonly falls: string;
  /** The model and the path in it of a layer that is put under a checkpoint. */
  readonly inside: readonly [model: string, path: string];
  /** What the model, or the first of several, predicts from. */
  readonly inputs: ValuesTree;
  /** The classes of its own that a saved model names. */
  readonly classes: readonly unknown[];
}

/** The module at a path of one of a trainer's models. */
export function moduleAt(trainer: Trainer, [model, path]: Program['inside']): AnyModule {
  return modulesOf(trainer.learner.models[model]!).find(([at]) => at === path)![1];
}

/** Predictions as text, every number exactly. */
export function told(predictions: unknown): string {
  return JSON.stringify(predictions, (_, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value));
}

// Tests take the data that needs no download: the same numbers wherever they run.
delete process.env['TESSERA_DATA'];
const [pairs, texts, images, answers] = [ratings(64), sentences(40, 60), await cells(20, 16), digitsWithInk(40)];
const written = digits(40, 32);
const noise = { data: Float32Array.from({ length: 5 * 64 }, (_, i) => Math.sin(i)), shape: [5, 64] };
const small = { base: 2, depth: 2 };

export const programs: readonly Program[] = [
  {
    name: 'two towers',
    make: (options) => makeRecommender(new TwoTowers({ users: 200, items: 400 }), options) as Trainer,
    data: pairs,
    falls: 'loss',
    inside: ['model', 'user'],
    inputs: pairs.columns.x,
    classes: [TwoTowers],
  },
  {
    name: 'translator',
    make: (options) => makeTranslator(new Translator({ vocabulary: 60, units: 6 }), options) as Trainer,
    data: texts,
    falls: 'loss',
    inside: ['model', 'attention'],
    inputs: texts.columns.x,
    classes: [Translator],
  },
  {
    name: 'WGAN-GP',
    make: (options) => wganGp.makeTrainer(wganGp.makeModels(2), options) as Trainer,
    data: new ArrayDataset({ x: digits(24).images }),
    falls: 'criticLoss',
    inside: ['critic', 'conv2d'],
    inputs: noise,
    classes: [],
  },
  {
    name: 'U-Net',
    make: (options) => makeSegmenter(new UNet(small), options) as Trainer,
    data: images,
    falls: 'loss',
    inside: ['model', 'down.1'],
    inputs: images.columns.x,
    classes: [UNet],
  },
  {
    name: 'transfer',
    make: (options) => transfer.makeTrainer(transfer.makeModel(new UNet(small), 'down.2'), options) as Trainer,
    data: new ArrayDataset({ x: written.images, y: written.labels }),
    falls: 'loss',
    inside: ['model', 'backbone'],
    inputs: written.images,
    classes: [UNet],
  },
  {
    name: 'multi-task',
    make: (options) => multiTask.makeTrainer(multiTask.makeModel(2), options) as Trainer,
    data: answers,
    falls: 'loss',
    inside: ['model', 'trunk'],
    inputs: answers.columns.x,
    classes: [],
  },
];
