export {
  type AwarenessEntry,
  type AwarenessUpdate,
  decodeAwareness,
  encodeAwareness,
} from './awareness.ts'
export { CLOSE, type CloseCode, isFinalClose } from './close-codes.ts'
export type { Decision, Position } from './decision.ts'
export {
  decodeStockFrame,
  encodeAwarenessFrame,
  encodePermissionDenied,
  encodeQueryAwareness,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  type StockFrame,
} from './frames.ts'
export { DEFAULT_INTAKE_CAPS, type Deliberation, Intake, type IntakeCaps } from './intake.ts'
export type { KnownImage } from './known.ts'
export { isName, NAME_PATTERN } from './names.ts'
export {
  type HeldFrame,
  openPeer,
  type PeerEffect,
  type PeerEvent,
  type PeerFrame,
  type PeerState,
  type PeerStep,
  stepPeer,
  type UpdateSource,
} from './peer.ts'
export { type Heard, Presence, type Speaker } from './presence.ts'
export { type ScannedDeletion, type ScannedStruct, type ScannedUpdate, scanUpdate } from './scan.ts'
export { decodeStateVector, encodeStateVector, type StateVector } from './state-vector.ts'
export { type Backoff, DEFAULT_BACKOFF, retryDelay } from './sync/backoff.ts'
export { type OpenWish, SyncClient, type SyncClientEffect, type SyncClientEvent } from './sync/client.ts'
export {
  type ClientChannelEffect,
  type ClientChannelEvent,
  type ClientChannelState,
  stepClientChannel,
} from './sync/client-channel.ts'
export { stepClient } from './sync/client-session.ts'
export type {
  ClientConfig,
  ClientEffect,
  ClientEvent,
  ClientMemory,
  ClientState,
  ClientStep,
  ClientTimer,
  RequestAnswer,
} from './sync/client-types.ts'
export { isFinalRefusal, REFUSAL, type Refusal, type RefusalName, refusalName } from './sync/codes.ts'
export { decodeClientFrame, decodeRelayFrame } from './sync/decode.ts'
export { encodeClientFrame, encodeRelayFrame } from './sync/encode.ts'
export {
  type AckFrame,
  type ChannelMode,
  type ClientFrame,
  channelOf,
  type FeedFrame,
  type GarbageFrame,
  type HelloFrame,
  type LeasedFrame,
  type LeaseFrame,
  type LeaseOperation,
  type MessageFrame,
  type OpenedFrame,
  type OpenFrame,
  type PieceFrame,
  type RefusedUpdate,
  type RelayFrame,
  type SyncFeedEntry,
  type SyncRole,
  type WelcomeFrame,
} from './sync/frames.ts'
export { Incoming, incomingFromClient, incomingFromRelay, type Received } from './sync/incoming.ts'
export { type Lease, type LeaseAnswer, Leases, type LeaseWish } from './sync/leases.ts'
export {
  BEFORE_WELCOME,
  type BeforeWelcome,
  DEFAULT_SYNC_LIMITS,
  EARLY_CHANNELS,
  LEASE_TTL,
  LEAST_CHANNELS,
  SYNC_VERSIONS,
  type SyncLimits,
  type VersionRange,
} from './sync/limits.ts'
export { Outgoing } from './sync/outgoing.ts'
export { openRelayChannel, stepRelayChannel } from './sync/relay-channel.ts'
export type {
  Passed,
  RelayChannelEffect,
  RelayChannelEvent,
  RelayChannelOpen,
  RelayChannelState,
  RelayChannelStep,
} from './sync/relay-channel-types.ts'
export {
  SyncConnection,
  type SyncConnectionConfig,
  type SyncConnectionEffect,
  type SyncConnectionEvent,
} from './sync/relay-connection.ts'
export { openRelaySession, stepRelaySession } from './sync/relay-session.ts'
export type {
  RelaySessionConfig,
  RelaySessionEffect,
  RelaySessionEvent,
  RelaySessionState,
  RelaySessionStep,
  RelayTimer,
} from './sync/relay-session-types.ts'
export { BadUpdateError, diffUpdate, EMPTY_UPDATE, joinUpdates } from './updates.ts'
