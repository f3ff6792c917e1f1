export * from './cast';
export * from './convolution';
export * from './elementwise';
export { gemm, gemmScratchBytes, matmul_i32 } from './gemm';
export * from './indexing';
export * from './reduction';
export { maxPool, maxPoolGradient } from './pooling';
