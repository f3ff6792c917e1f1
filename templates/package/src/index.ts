/**
 * DESCRIPTION
 *
 * @module @tessera/NAME
 */

export {};
