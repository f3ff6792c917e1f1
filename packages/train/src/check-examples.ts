import { DataError } from '@tessera/core';
import { type ArrayDataset, type Column, validateFinite, validateLabels } from '@tessera/data';
import type { Module } from '@tessera/layers';
import type { Examples } from './options.ts';

type XY = { readonly x: Column; readonly y: Column };

/** The columns of data that is in memory. */
export function columnsOf(data: Examples): XY | undefined {
  return (data as Partial<ArrayDataset<XY>>).columns;
}

/**
 * Checks data before anything is learned from it, as far as it is in memory.
 *
 * @throws DataError if there are no examples, no columns x and y, or inputs or targets that are not finite.
 */
export function checkExamples(data: Examples): void {
  if (data.length === 0) throw new DataError('[fit] the data must have examples: got none');
  const columns = columnsOf(data);
  if (!columns) return;
  if (!columns.x || !columns.y) throw new DataError('[fit] the data must have columns x and y');
  if (isFloat(columns.x)) validateFinite(columns.x, 'x');
  if (isFloat(columns.y) && columns.y.shape.length > 1) validateFinite(columns.y, 'y');
}

/** Checks targets against a model that is built: one number per example for a model of several outputs is a class label. */
export function checkTargets(data: Examples, model: Module): void {
  const y = columnsOf(data)?.y;
  if (!y) return;
  const classes = model.outputShape(model.inputShape!).at(-1) ?? 1;
  if (y.data.length === y.shape[0] && classes > 1) validateLabels(y, classes);
  else if (isFloat(y)) validateFinite(y, 'y');
}

function isFloat({ data }: Column): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}
