import { type ConvolutionEpilogueAttributes, type Kernel, type Kernels, sizeOf } from '@tessera/core';
import { depthwise, isDepthwise } from './convolution/depthwise.ts';
import type { Convolution } from './convolution/form.ts';
import { byPatches } from './convolution/patches.ts';
import { isPointwise, pointwise } from './convolution/pointwise.ts';
import { suitsWinograd, winograd } from './convolution/winograd.ts';
import { elementwise } from './elementwise.ts';
import { bare, epilogueOf, finishApart } from './epilogue.ts';
import { clear, type Runtime } from './runtime.ts';

type Composites = { readonly convolutionEpilogue: Kernel<ConvolutionEpilogueAttributes> };

/** Convolutions and their gradients, each in the form that suits it. */
export function convolution(runtime: Runtime): Pick<Kernels, Convolution['op']> & Composites {
  const table = elementwise(runtime);
  /** Whether there is nothing to multiply: then the result, if it is anything, is zeros. */
  const isEmpty = ({ x, w, y, out }: Convolution): boolean => {
    if ([x, w, y].every((shape) => sizeOf(shape) > 0)) return false;
    clear(runtime, out);
    return true;
  };
  const run = (given: Omit<Convolution, 'epilogue'>, epilogue = bare): void => {
    const all = { ...given, epilogue };
    if (isEmpty(all)) return;
    if (isPointwise(all)) pointwise(runtime, all);
    else if (isDepthwise(all)) depthwise(runtime, all);
    else if (suitsWinograd(all)) winograd(runtime, all);
    else byPatches(runtime, all);
  };
  return {
    convolution: ([x, w], geometry, [y]) =>
      run({ op: 'convolution', x: x.view.shape, w: w.view.shape, y: y.view.shape, geometry, a: x, b: w, out: y }),
    convolutionEpilogue(inputs, attributes, [y]) {
      const [x, w] = inputs;
      const epilogue = sizeOf(x.view.shape) * sizeOf(w.view.shape) > 0 ? epilogueOf(inputs, attributes) : undefined;
      run({ op: 'convolution', x: x.view.shape, w: w.view.shape, y: y.view.shape, geometry: attributes, a: x, b: w, out: y }, epilogue);
      if (!epilogue) finishApart(table, inputs, attributes, y);
    },
    convolutionInputGradient: ([dy, w], geometry, [dx]) =>
      run({ op: 'convolutionInputGradient', x: dx.view.shape, w: w.view.shape, y: dy.view.shape, geometry, a: dy, b: w, out: dx }),
    convolutionKernelGradient: ([x, dy], geometry, [dw]) =>
      run({ op: 'convolutionKernelGradient', x: x.view.shape, w: dw.view.shape, y: dy.view.shape, geometry, a: x, b: dy, out: dw }),
  };
}
