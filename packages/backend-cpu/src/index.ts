/**
 * The plain TypeScript reference backend of Tessera.
 *
 * @module @tessera/backend-cpu
 */

export { cpu } from './backend.ts';
