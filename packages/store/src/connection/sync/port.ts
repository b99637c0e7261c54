import type { ClientChannelEffect, LeasedFrame, LeaseOperation, OpenWish, SyncFeedEntry } from '@holdfast/protocol'
import type { Told } from '../../journal-port.ts'
import type { PastHistory } from '../../persistence/port.ts'
import type { Readable } from '../../types.ts'
import type { ConnectionState } from '../port.ts'

/** A space's one socket over `/sync` (design §6). Documents are channels of it. */
export interface SpaceConnection {
  readonly kind: 'sync'
  /** A random name of this window: who holds its leases. */
  readonly client: string
  readonly state: Readable<ConnectionState>
  /** Connects. `memory`: how far this device has followed the feed, and of which history. */
  start(memory: SpaceMemory, events: SpaceEvents): void
  /** The history that positions and acknowledgements now speak of; '' before the first welcome. */
  incarnation(): string
  /** That history, and how far it reached when the latest of what it told so far was told. */
  told(): Told
  /** True when what was told under this name, of a history that reached so far, goes on under the present one (W11). */
  follows(incarnation: string, reach: number): boolean
  /** The names that go on under the present one, and how far. */
  past(): readonly PastHistory[]
  /** The version of the wire that was agreed on; null while there is no connection. */
  version(): number | null
  /** Null when no channel is free now: `onRoom` tells when there may be. */
  open(wish: OpenWish, on: (effect: ChannelEffect) => void): SyncChannel | null
  onRoom(listener: () => void): () => void
  /** Resolves when the relay has the summary on its disk. Rejects with `RefusedError` or `OfflineError`. */
  summary(document: string, epoch: string, summary: Uint8Array): Promise<void>
  /** Resolves when the document is purged for good. Rejects with `RefusedError` or `OfflineError`. */
  purge(document: string, epoch: string): Promise<void>
  /** Goes on with another token, on the open socket if there is one. */
  renew(token: string): void
  /** Connects anew as one that was never told anything: the feed begins at 0, positions do not count. */
  startOver(): void
  /** The token to use for requests beside the socket. */
  token(): string
  retry(): void
  close(): void
}

export interface SpaceMemory {
  readonly incarnation: string
  readonly cursor: number
  readonly reach: number
}

export interface SpaceEvents {
  /** The relay has let us in. `incarnation`: the name of the history from now on. */
  welcomed(incarnation: string): void
  /** W11: another history. Acknowledgements and positions are void, the feed begins again at 0. */
  history(incarnation: string): void
  /** What changed, and the cursor behind it. */
  feed(entries: readonly SyncFeedEntry[], upTo: number, head: number): void
  /** The relay is there but has no `/sync`: it is of an older version. */
  unsupported(): void
  /** Whether what is marked of documents may be of a history that is over. */
  isVoid(): boolean
  /** How far the history reached that anything marked here was told by: by this window or another one. */
  reach(): number
}

/** What a channel tells. After `refused`, `set-aside`, `closed` or `lost` it tells nothing more. */
export type ChannelEffect = Exclude<ClientChannelEffect, { readonly kind: 'send' | 'broken' }>

export interface SyncChannel {
  update(update: Uint8Array): void
  offer(update: Uint8Array): void
  answer(update: Uint8Array): void
  awareness(awareness: Uint8Array): void
  /** Resolves with how the lease now stands. Rejects with `RefusedError` or `OfflineError`. */
  lease(key: string, operation: LeaseOperation, ttl: number, fencing: number): Promise<LeasedFrame>
  /** Asks the holder of the lease to stop. */
  stop(key: string): Promise<void>
  close(): void
}

/** The relay has decided against it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** A name of the protocol's `REFUSAL`. */
  readonly code: string
  /** Its number, which is what the protocol's `isFinalRefusal` looks at. */
  readonly status: number
  constructor(code: string, status: number, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}
