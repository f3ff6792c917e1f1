/**
 * Gradients of any order for Tessera.
 *
 * @module @tessera/autograd
 */

export { checkpoint } from './checkpoint.ts';
export { customGradient, stopGradient } from './custom.ts';
export { gradCheck, type GradCheckOptions, GradientMismatchError } from './grad-check.ts';
export { grad, type GradientOptions, valueAndGrad, type Values } from './gradient.ts';
export { hessian, jacobian } from './jacobian.ts';
export { rules } from './rules.ts';
export { type Rule, type Vjp } from './rule.ts';
export { Tape } from './tape.ts';
export { jvp, vjp } from './vjp.ts';
