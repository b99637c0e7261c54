export { BlobError, type BlobErrorCode } from './blobs.ts'
export {
  type Connection,
  type ConnectionState,
  type FeedChange,
  type FeedPage,
  type Membership,
  type MembershipState,
  OfflineError,
  type StockConnection,
} from './connection/port.ts'
export { spaceConnection } from './connection/sync/connection.ts'
export { RefusedError, type SpaceConnection } from './connection/sync/port.ts'
export { websocketConnection } from './connection/websocket.ts'
export type { Chance, Channel, Clock, DeviceUsage, Environment, Locks } from './environment.ts'
export { LeaseEndedError, LeaseHeldError } from './leases.ts'
export { LOCAL_ORIGIN } from './live.ts'
export { type IndexedDbOptions, indexedDbPersistence } from './persistence/indexeddb.ts'
export { type Fault, type MemoryPersistence, memoryPersistence } from './persistence/memory.ts'
export {
  type Capabilities,
  type DocumentRecord,
  type FeedCursor,
  type Persistence,
  PersistenceError,
  type PersistenceErrorCode,
  type PersistenceHandle,
} from './persistence/port.ts'
export { statusText } from './status-text.ts'
export { openStore } from './store.ts'
export { StreamEndedError } from './streaming.ts'
export { AlreadyStreamingError } from './streams.ts'
export type {
  Aside,
  AsideItem,
  Blobs,
  ConversationStatus,
  Draft,
  Exported,
  FinishOptions,
  Lease,
  LeaseInfo,
  ListItem,
  NewConversation,
  NotSavedReason,
  OpenConversation,
  OpenStoreOptions,
  Peer,
  Persisted,
  Presence,
  Readable,
  Reason,
  RelayAddress,
  RelayProgress,
  RelayState,
  Store,
  StoredBlobRef,
  StoreStatus,
  Writer,
} from './types.ts'
