export {
  type Access,
  AccessConfigurationError,
  type AccessOptions,
  createAccess,
  type Grant,
  type Role,
  type TokenClaims,
} from './access.ts'
export type { RelayEvent } from './events.ts'
export { type Clock, DEFAULT_LIMITS, type Limits, type RelayOptions } from './options.ts'
export type { RefusalCode } from './refusal.ts'
export { createRelay, type Relay } from './relay.ts'
export type { SocketServer, SocketServerOptions } from './sockets.ts'
export type { Wire, WireListener } from './wire.ts'
