/** The floor of every package: it imports only from lower ones. */
export const floors = {
  core: 0,
  'backend-cpu': 1,
  'backend-wasm': 1,
  'backend-webgpu': 1,
  formats: 1,
  tensor: 2,
  data: 2,
  autograd: 3,
  capture: 3,
  layers: 4,
  losses: 4,
  optim: 4,
  metrics: 4,
  train: 5,
  // Beside the floors: checks packages by their shape and is imported by none of them.
  testkit: 6,
};
