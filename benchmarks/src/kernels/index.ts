export { copyWork } from './copy.ts';
export { convolutions } from './convolutions.ts';
export { elementwise } from './elementwise.ts';
export { machine } from './peak.ts';
export { products } from './products.ts';
