export {
  type Connection,
  type ConnectionState,
  type FeedChange,
  type FeedPage,
  type Membership,
  type MembershipState,
  OfflineError,
} from './connection/port.ts'
export { websocketConnection } from './connection/websocket.ts'
export type { Chance, Channel, Clock, Environment, Locks } from './environment.ts'
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
  ConversationStatus,
  Draft,
  Exported,
  FinishOptions,
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
  StoreStatus,
  Writer,
} from './types.ts'
