import { sizeOf, treeFlatten } from '@tessera/core';
import type { AnyModule } from './module/module.ts';
import { modulesOf } from './module/modules-of.ts';
import { listening } from './module/listening.ts';
import { formatBatch, specsOfTensors, type TensorSpec } from './module/spec.ts';

type Row = readonly [layer: string, output: string, parameters: string];

/** A table of a model's layers, their output shapes and how many parameters they have, as Keras prints it. A layer that stands in several places is counted once. */
export function summary(model: AnyModule): string {
  const outputs = outputsOf(model);
  const rows = modulesOf(model).flatMap(([path, module]): Row[] => {
    const own = Object.values(module.ownVariables()).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const inside = Object.keys(module.children()).length > 0;
    if (inside && own === 0) return [];
    return [[path ? `${path} (${module.className})` : module.className, outputs.get(module) ?? '?', own.toLocaleString('en')]];
  });
  const total = model.countParameters();
  const trainable = Object.values(model.trainableVariables()).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const header: Row = ['Layer (type)', 'Output shape', 'Parameters'];
  const widths = ([0, 1, 2] as const).map((column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = ([layer, output, count]: Row): string =>
    `${layer.padEnd(widths[0]!)}  ${output.padEnd(widths[1]!)}  ${count.padStart(widths[2]!)}`;
  const rule = '─'.repeat(widths.reduce((a, b) => a + b, 4));
  return [
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Parameters: ${total.toLocaleString('en')} (trainable ${trainable.toLocaleString('en')}, other ${(total - trainable).toLocaleString('en')})`,
  ].join('\n');
}

/** What each module gives, at its first call. */
function outputsOf(model: AnyModule): Map<AnyModule, string> {
  const told = new Map<AnyModule, string>();
  if (!model.built) return told;
  listening(
    (module, output) => {
      const { leaves, paths } = treeFlatten(specsOfTensors(output));
      const each = (leaves as TensorSpec[]).map(({ shape }, i) => `${paths[i] ? `${paths[i]}: ` : ''}${formatBatch(shape)}`);
      if (!told.has(module)) told.set(module, each.join(', '));
    },
    () => model.outputSpec(model.inputSpec as never),
  );
  return told;
}
