import { bytesPerElement, type FusedAttributes, type Kernel, sizeOf } from '@tessera/core';
import { programOf } from './fused-program.ts';
import { addressOf, type Runtime } from './runtime.ts';

/** Elements that go through all instructions before the next ones: what stays in the nearest cache. */
const TILE = 2048;

/** Runs element-wise ops tile by tile, each by its own kernel, chains that are known by one: fusion without generated code. */
export function fused(runtime: Runtime): { readonly fused: Kernel<FusedAttributes> } {
  return {
    fused(inputs, attributes, outputs) {
      const size = sizeOf(outputs[0].view.shape);
      const { steps, registers, placeOf, dtypes, repeated } = programOf(inputs, size, attributes);
      const scratch = runtime.scratch(registers * TILE * 4);
      const row = repeated.find((length) => length) ?? 0;
      const starts = inputs.map(addressOf);
      const widths = dtypes.map((dtype) => bytesPerElement(dtype));
      const ends = outputs.map(addressOf);
      // Units are rows where inputs repeat one, else elements.
      const width = row || 1;
      const units = size / width;
      const calls = steps.map(({ kernel, isChain, read, made }) => {
        const byRows = row > 0 && read.some((value) => repeated[value]);
        const parameters = isChain ? [0] : byRows ? [0, row] : [1, 0];
        const moves: [number, number][] = [];
        const own: number[] = [];
        /** Adds the address of a value as the next parameter. */
        const put = (value: number): void => {
          const place = placeOf[value];
          const inScratch = place !== undefined && place >= 0;
          if (inScratch) own.push(parameters.length);
          else if (repeated[value] === undefined) moves.push([parameters.length, widths[value] * width]);
          parameters.push(inScratch ? scratch + place * TILE * 4 : place === undefined ? starts[value] : ends[-1 - place]);
        };
        for (const value of read) {
          put(value);
          if (isChain) continue;
          if (repeated[value] === undefined) parameters.push(row, 1);
          else parameters.push(0, repeated[value] ? 1 : 0);
        }
        made.forEach(put);
        return { kernel, parameters, moves, count: [isChain || byRows ? 0 : 1, byRows ? 1 : width] as const, scratch: own };
      });
      const tile = Math.max(1, Math.floor(TILE / width));
      const work = { units, grain: tile, nanoseconds: size * attributes.instructions.length * 0.2 };
      runtime.share(calls, calls.length === 1 ? work : { ...work, tile });
    },
  };
}
