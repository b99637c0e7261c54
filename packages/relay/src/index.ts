export type { Access, AccessOptions, Grant, Role, TokenClaims } from './access.ts'
export type { RelayEvent } from './events.ts'
export { type Clock, DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
export type { Relay } from './relay.ts'
