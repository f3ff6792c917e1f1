// Installed beside, in peers, by the command alone that needs them.
declare module '@tensorflow/tfjs';
declare module '@tensorflow/tfjs-backend-webgpu';
declare module '@jax-js/jax';
