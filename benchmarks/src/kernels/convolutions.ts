import type { Work } from '../contest.ts';
import { convolution, type Geometry, gradients, sizesOf } from './convolution.ts';
import { counted, moved } from './work.ts';

const withGradients = (geometry: Geometry): Work[] => [convolution(geometry), ...gradients(geometry)].map((kernel) => counted(kernel));

const small: Geometry = { images: 32, size: 15, channels: 32, filters: 64, window: 3, padding: 'same' };
const large: Geometry = { images: 8, size: 56, channels: 64, filters: 64, window: 3, padding: 'same' };
const depthwise: Geometry = { ...large, groups: 64 };
const pointwise: Geometry = { ...large, window: 1 };
const strided: Geometry = { ...large, stride: 2 };
const bytes = ({ x, y }: ReturnType<typeof sizesOf>): number => 4 * [x, y].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);

/** Convolutions of float32 images, forward, and with gradients of input and kernel. */
export const convolutions: readonly Work[] = [
  ...withGradients({ images: 32, size: 32, channels: 3, filters: 32, window: 3, padding: 'valid' }),
  ...withGradients(small),
  ...withGradients(large),
  moved(convolution(depthwise, 'conv 8x56x56x64 depthwise 3x3'), bytes(sizesOf(depthwise))),
  counted(convolution(pointwise, 'conv 8x56x56x64-64 1x1')),
  counted(convolution(strided, 'conv 8x56x56x64-64 stride 2')),
];
